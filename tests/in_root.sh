#!/usr/bin/env bash
# Runs a command in this checkout with the libraries of another Debian: tests/in_root.sh trixie ./tests/run.sh -R mpi
# debootstrap makes the root once, in ${MEDPFL_CACHE:-~/.cache/medpfl}/roots; delete it to have it made anew. In it the
# checkout is /medpfl, with a build folder and a ccache that stay with the root, and /data is the folder that
# MEDPFL_TEST_DATA names, if any. Mounts and processes end with the command. Needs root.
set -euo pipefail

checkout=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/setup.sh
source "$checkout/jobs/setup.sh"

(($# >= 2)) || fail "usage: tests/in_root.sh SUITE COMMAND [ARGUMENT...]" "SUITE is a release of Debian, such as trixie."
suite=$1
shift
((EUID == 0)) || fail "a Debian root can be made and entered by root only: sudo tests/in_root.sh $suite $*"
unshare --mount --pid --fork true ||
  fail "this machine forbids mounts of one's own (unshare), as containers often do: see the line above."

# make_root FOLDER
make_root() {
  install_missing "Debian roots: debootstrap"
  local mirror
  # shellcheck disable=SC2016  # apt-get fills it in
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' 'Created-By: Packages' | sed -n 1p)
  rm -rf -- "$1.part"
  # Without a mirror debootstrap takes its own.
  debootstrap --variant=minbase "$suite" "$1.part" ${mirror:+"$mirror"} >"$1.log" || fail "debootstrap failed: see $1.log"
  echo 'APT::Keep-Downloaded-Packages "false";' >"$1.part/etc/apt/apt.conf.d/50keep-none"
  mkdir "$1.part/medpfl" "$1.part/data" "$1.part/builds"
  mv -- "$1.part" "$1"
}

# enter ROOT CHECKOUT COMMAND...: in namespaces of its own.
enter() {
  local root=$1
  # mpirun names folders there after its process, whose numbers begin anew.
  find "$root/tmp" -mindepth 1 -delete
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount --bind "$2" "$root/medpfl"
  mount --bind "$root/builds" "$root/medpfl/build"
  if [[ -n ${MEDPFL_TEST_DATA:-} ]]; then
    mount --bind -o ro "$MEDPFL_TEST_DATA" "$root/data"
    export MEDPFL_TEST_DATA=/data
  fi
  cp -- /etc/resolv.conf /etc/hosts "$root/etc/"
  unset TMPDIR
  export HOME=/root
  shift 2
  exec chroot "$root" /bin/sh -c 'cd /medpfl && exec "$@"' sh "$@"
}

root=${MEDPFL_CACHE:-$HOME/.cache/medpfl}/roots/$suite
mkdir -p -- "${root%/*}" "$checkout/build"
# One command at a time, since all checkouts share the root and its build folder.
exec {lock}>"$root.lock"
flock "$lock"
[[ -e $root ]] || timed "Debian root $root" make_root "$root"
export -f enter
exec unshare --mount --pid --fork --kill-child bash -euo pipefail -c 'enter "$@"' enter "$root" "$checkout" "$@"
