#!/usr/bin/env bash
# From a fresh Debian machine to a report: packages, build, a small federation and its attack.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/quickstart.sh [--data FOLDER] [--output DIR] [--ranks N] [--libtorch VERSION] [--overwrite]

Installs the Debian packages that are missing, builds MedPFL, trains a federation of four
hospitals, attacks its gradients, and writes a report.

  --data FOLDER   images as FOLDER/split/class/image (default: synthetic phantoms)
  --output DIR    folder of the run (default: runs/quickstart in the checkout);
                  if it exists, DIR-2, DIR-3, ... is taken
  --overwrite     replace the earlier run in the output folder
  --ranks N       MPI ranks (default: 4)
  --libtorch VERSION  LibTorch of that version from PyPI, such as 2.11.0 (default: Debian's)
  --help          show this text
END
}

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/setup.sh
source "$root/jobs/setup.sh"

refuse() {
  usage >&2
  fail "$1"
}

# next_free DIR: DIR, or the first of DIR-2, DIR-3, ... that does not exist.
next_free() {
  local candidate=$1 number=1
  while [[ -e $candidate || -L $candidate ]]; do
    number=$((number + 1))
    candidate=$1-$number
  done
  printf '%s\n' "$candidate"
}

data=""
libtorch=""
output=$root/runs/quickstart
ranks=4
overwrite=false
while (($#)); do
  if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
  case $1 in
    --data | --output | --ranks | --libtorch)
      [[ -n ${2:-} ]] || refuse "$1 needs a value."
      printf -v "${1#--}" '%s' "$2"
      shift
      ;;
    --overwrite) overwrite=true ;;
    -h | --help)
      usage
      exit
      ;;
    *) refuse "unknown argument: $1" ;;
  esac
  shift
done

[[ $ranks =~ ^[1-9][0-9]{0,3}$ ]] || refuse "--ranks must be a whole number from 1: $ranks"
options=()
if [[ -n $data ]]; then
  [[ -d $data ]] || fail "--data: no such folder: $data"
  data=$(realpath -- "$data")
  [[ -n $(find -L "$data" -mindepth 2 -maxdepth 2 -type d -print -quit) ]] ||
    fail "--data: no FOLDER/split/class below $data" "Sort the images as, say, train/healthy/1.png."
  options=(--data.dataset=image-folder "--data.path=$data")
fi
output=$(realpath --canonicalize-missing -- "$output")
if ! $overwrite; then
  output=$(next_free "$output")
elif [[ -e $output ]]; then
  [[ -e $output/run.h5 ]] ||
    fail "--overwrite: $output holds no run (no run.h5), so it is left alone." \
      "Remove it, or choose another --output."
fi
cd -- "$root"

say "Debian packages"
install_missing "${BUILD_PACKAGES[@]}"
mpi_environment

build=$(build_folder release "$libtorch")
say "Build ($build)"
build_preset release "$libtorch"

say "Federation and attack on $ranks ranks, into $output"
# Only now, so that a failed build does not cost the earlier run.
if $overwrite; then rm -rf -- "$output"; fi
mpirun -n "$ranks" "$build/bin/medpfl" simulate --config configs/quickstart.ini \
  "--run.output=$output" "${options[@]}"

say "Report"
PYTHONPATH=analysis /usr/bin/python3 -m medpfl_analysis report "$output"
report=$(find "$output" -name '*.html' -print -quit)
[[ -n $report ]] || fail "the report program wrote no HTML page below $output"
say "Done. Open in a browser: $report"
