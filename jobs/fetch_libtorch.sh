#!/usr/bin/env bash
# Brings a LibTorch from PyPI, with the libraries that it links, and prints its prefix: jobs/fetch_libtorch.sh [VERSION]
# It is kept in ${MEDPFL_CACHE:-~/.cache/medpfl}/libtorch/VERSION, several GB; delete that folder to have it fetched anew.
# The prefix is for cmake -DMEDPFL_LIBTORCH=PREFIX; quickstart.sh and tests/run.sh use it with --libtorch VERSION.
set -euo pipefail

# shellcheck source=jobs/setup.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/setup.sh"

version=${1:-2.11.0}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "usage: jobs/fetch_libtorch.sh [VERSION]" "VERSION is one of PyTorch, such as 2.11.0."
folder=${MEDPFL_CACHE:-$HOME/.cache/medpfl}/libtorch/$version

fetch() {
  pip=(/usr/bin/python3 -m pip --disable-pip-version-check install --quiet --root-user-action=ignore --no-compile --only-binary=:all: --target "$1")
  "${pip[@]}" --no-deps "torch==$version" || fail "PyTorch $version could not be fetched: see the lines above."
  # Of what PyTorch needs, its libraries link the packages of NVIDIA alone.
  local requirement needs=()
  while IFS= read -r requirement; do
    needs+=("$requirement")
  done < <(sed -nE 's/^Requires-Dist: ((nvidia-|cuda-toolkit)[^;]*).*/\1/p' "$1/torch-$version.dist-info/METADATA" | tr -d ' ()')
  ((${#needs[@]} == 0)) || "${pip[@]}" "${needs[@]}" || fail "what PyTorch $version links could not be fetched: see the lines above."
}

if [[ ! -e $folder ]]; then
  {
    install_missing "fetching LibTorch: python3-pip"
    mkdir -p -- "${folder%/*}"
    rm -rf -- "$folder.part"
    fetch "$folder.part"
    mv -- "$folder.part" "$folder"
  } >&2
fi
printf '%s\n' "$folder/torch"
