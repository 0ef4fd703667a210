#!/usr/bin/env bash
# Runs a command on two hosts that this machine plays: tests/on_two_hosts.sh mpirun -n 4 build/release/bin/medpfl simulate ...
# hosta and hostb have names, networks, processes, shared memory and /tmp of their own; a virtual Ethernet cable joins
# them. The checkout, the current folder and all folders outside /tmp are common. The command runs on hosta; mpirun
# deals its ranks to both, and `tests/two_hosts/on_host hostb COMMAND` is what ssh is elsewhere. Both hosts and all of
# their processes end with the command, whose exit code is handed on. Needs root, iproute2 and util-linux.
set -euo pipefail

checkout=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/setup.sh
source "$checkout/jobs/setup.sh"
mpi_environment
readonly ADDRESS_A=10.99.0.1 ADDRESS_B=10.99.0.2

# new_host COMMAND...: in a host of its own, as its first process.
new_host() {
  exec unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc "$@"
}

# set_up NAME: the name, the loopback, and folders that no other host sees.
set_up() {
  hostname "$1"
  ip link set lo up
  exec 8<"$PWD" 9<"$checkout"
  mount -t tmpfs tmpfs /tmp -o mode=1777
  mount -t tmpfs tmpfs /dev/shm -o mode=1777
  mkdir -p -- "$PWD" "$checkout"
  mount --no-canonicalize --rbind /proc/self/fd/8 "$PWD"
  mount --no-canonicalize --rbind /proc/self/fd/9 "$checkout"
  exec 8<&- 9<&-
  cd -- "$PWD"
}

hostb() {
  set_up hostb
  echo ready
  exec sleep infinity
}

# join_hosts: the cable between hosta, where this runs, and the host of process HOSTB.
join_hosts() {
  ip link add eth0 type veth peer name eth0 netns "$HOSTB"
  ip address add "$ADDRESS_A/24" dev eth0
  ip link set eth0 up
  "$checkout/tests/two_hosts/on_host" hostb "ip address add $ADDRESS_B/24 dev eth0; ip link set eth0 up"
}

hosta() {
  set_up hosta
  unset TMPDIR
  printf '%s\n' "127.0.0.1 localhost" "$ADDRESS_A hosta" "$ADDRESS_B hostb" >/tmp/hosts
  mount --bind /tmp/hosts /etc/hosts
  coproc other { new_host bash -euo pipefail -c hostb; }
  # shellcheck disable=SC2154  # coproc sets them
  read -r <&"${other[0]}"
  # shellcheck disable=SC2154
  HOSTB=$(<"/proc/$other_PID/task/$other_PID/children")
  export HOSTB=${HOSTB% }
  join_hosts
  # mpirun deals one rank to each host, then one more, and so on.
  printf '%s slots=1\n' hosta hostb >/tmp/mpi_hosts
  export OMPI_MCA_orte_default_hostfile=/tmp/mpi_hosts OMPI_MCA_plm_rsh_agent=$checkout/tests/two_hosts/on_host
  export PRTE_MCA_prte_default_hostfile=/tmp/mpi_hosts PRTE_MCA_plm_ssh_agent=$checkout/tests/two_hosts/on_host
  "$@"
}

(($#)) || fail "usage: tests/on_two_hosts.sh COMMAND [ARGUMENT...]"
((EUID == 0)) || fail "hosts can be made by root only: sudo tests/on_two_hosts.sh $*"
(new_host ip link add eth0 type veth peer name eth1) ||
  fail "this machine forbids networks or mounts of one's own (unshare, ip), as containers often do: see the line above."

export checkout ADDRESS_A ADDRESS_B
export -f new_host set_up hosta hostb join_hosts
new_host bash -euo pipefail -c 'hosta "$@"' hosta "$@"
