#!/usr/bin/env bash
# All tests with a LibTorch of PyPI, and files of weights across versions; by hand at each release:
#   tests/libtorch_lane.sh [VERSION [ARGUMENT...]]      the arguments go to ctest
# It ends with files that PyTorch VERSION writes, read by the program built with the system's LibTorch and by the one built
# with VERSION, to the losses that this PyTorch computes. tests/run.sh does the same with the files of the system's PyTorch.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/setup.sh
source jobs/setup.sh

version=${1:-2.11.0}
tests/run.sh --libtorch "$version" "${@:2}"

# python_with FOLDER: makes a virtual environment there whose PyTorch is the one that jobs/fetch_libtorch.sh brought.
python_with() {
  local libtorch needs
  libtorch=$(jobs/fetch_libtorch.sh "$version")
  libtorch=${libtorch%/torch}
  install_missing "virtual environments: python3-venv"
  /usr/bin/python3 -m venv --system-site-packages "$1.part"
  # What PyTorch imports and is no library for GPUs.
  mapfile -t needs < <(sed -nE 's/^Requires-Dist: ([^;]+)$/\1/p' "$libtorch/torch-$version.dist-info/METADATA" | tr -d ' ()')
  "$1.part/bin/python" -m pip --disable-pip-version-check install --quiet "${needs[@]}"
  "$1.part/bin/python" -c 'import site, sys; print(sys.argv[1], file=open(site.getsitepackages()[0] + "/libtorch.pth", "w"))' "$libtorch"
  rm -rf -- "$1"
  mv -- "$1.part" "$1"
}

environment=${MEDPFL_CACHE:-$HOME/.cache/medpfl}/pytorch-$version
[[ -e $environment ]] || timed "PyTorch $version" python_with "$environment"
mpi_environment
timed "Build (build/ci)" build_preset ci
# weights BUILD: the tests of files of weights, in the environment, against the program of a build.
weights() {
  MEDPFL_BINARY=$PWD/$1/bin/medpfl PYTHONPATH=$PWD/analysis "$environment/bin/python" -m pytest -q -p no:cacheprovider \
    tests/e2e/test_networks.py -k "weights or files or head"
}
for build in build/ci "$(build_folder ci "$version")"; do
  timed "Weights of PyTorch $version in $build" weights "$build"
done
