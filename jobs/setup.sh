#!/usr/bin/env bash
# Sourced by jobs/quickstart.sh and tests/run.sh: Debian packages, environment of mpirun, build.
# shellcheck disable=SC2034  # they use the lists of packages

# Debian's tools know the libraries below; a conda or pyenv that stands first in PATH has others.
export PATH="/usr/bin:/bin:$PATH"

# What a group of packages is for, then the packages. Without libopenblas-openmp-dev, SciPy (for
# the reports) brings the pthread OpenBLAS, which Debian then prefers to the OpenMP one.
readonly BUILD_PACKAGES=(
  "compiling: g++ cmake ninja-build ccache git pkg-config"
  "message passing: libopenmpi-dev openmpi-bin"
  "training and attacks: libtorch-dev libopenblas0-openmp libopenblas-openmp-dev"
  "result files: libhdf5-openmpi-dev hdf5-tools"
  "options and log: libboost-dev libboost-program-options-dev libspdlog-dev"
  "images and archives: libzip-dev zlib1g-dev libjpeg62-turbo-dev libpng-dev nlohmann-json3-dev"
  "secure aggregation: libsodium-dev"
  "reports: python3 python3-h5py python3-numpy python3-pandas python3-matplotlib python3-jinja2"
)
readonly TEST_PACKAGES=(
  "tests: libgtest-dev python3-pytest"
  "tests against plain PyTorch: python3-torch"
  "tests under a private Slurm: slurmctld slurmd slurm-client"
  "tests on two hosts: iproute2 util-linux"
  "tests of files with readers of netCDF: python3-xarray python3-h5netcdf"
  "tests of what is installed: groff-base python3-setuptools python3-wheel"
  "tests of pages in a browser: chromium chromium-driver python3-selenium"
)

say() { printf '== %s\n' "$*"; }

# timed NAME COMMAND...: says the name, runs the command, says how many minutes it took.
timed() {
  local name=$1 start=$SECONDS tenths
  shift
  say "$name"
  "$@"
  tenths=$(((SECONDS - start) / 6))
  say "$name: $((tenths / 10)).$((tenths % 10)) minutes"
}

# fail LINE...: the error on stderr, what to do on its further lines, then exit 1.
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '       %s\n' "$@" >&2
  exit 1
}

package_installed() {
  local status
  # A package of several architectures has several statuses; "not-installed" must not match.
  status=$(dpkg-query --show --showformat='[${db:Status-Status}]' "$1" 2>/dev/null) || return 1
  [[ $status == *'[installed]'* ]]
}

# install_missing GROUP...: installs what the groups ("purpose: package ...") name and the system
# lacks. Calls apt-get, and asks for root, only when something is missing.
install_missing() {
  local group package all=() lacking=() missing=() reasons=() as_root=()
  for group in "$@"; do
    lacking=()
    for package in ${group#*: }; do
      all+=("$package")
      package_installed "$package" || lacking+=("$package")
    done
    if ((${#lacking[@]})); then
      missing+=("${lacking[@]}")
      reasons+=("${group%%: *}: ${lacking[*]}")
    fi
  done
  if ((${#missing[@]} == 0)); then
    printf '   all %d are installed\n' "${#all[@]}"
    return
  fi

  command -v apt-get >/dev/null || fail \
    "this script installs Debian packages; on another system install: ${all[*]}," \
    "then run: cmake --preset release && cmake --build --preset release"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "installing packages needs root, and there is no sudo." \
      "As root: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi

  printf '   missing for %s\n' "${reasons[@]}"
  # On a new machine the automatic upgrades may hold dpkg's lock: wait for them.
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get -q -o DPkg::Lock::Timeout=300)
  local install=("${apt[@]}" install -y --no-install-recommends)
  local advice="Check the network and /etc/apt. Packages to install: ${missing[*]}"
  # One broken outside source fails the update, yet Debian's packages may still install: try one.
  "${apt[@]}" -o APT::Update::Error-Mode=any update </dev/null ||
    "${install[@]}" --download-only "${missing[-1]}" </dev/null ||
    fail "apt-get update failed." "$advice"
  "${install[@]}" "${missing[@]}" </dev/null || fail "apt-get install failed." "$advice"
  # Without package lists apt reads "g++" as a pattern and succeeds with whatever matches.
  for package in "${missing[@]}"; do
    package_installed "$package" || fail "apt-get did not install $package." "$advice"
  done
}

# Lets mpirun start more ranks than there are cores, in containers too.
mpi_environment() {
  local folder=${BASH_SOURCE[0]%/*}
  set -o allexport
  # shellcheck source=jobs/mpi.env
  source "$folder/mpi.env"
  # shellcheck source=jobs/mpi_root.env
  if ((EUID == 0)); then source "$folder/mpi_root.env"; fi
  set +o allexport
}

# build_folder PRESET [LIBTORCH]: the build folder with the system's LibTorch (empty), or with that version from PyPI.
build_folder() { printf 'build/%s\n' "$1${2:+-$2}"; }

# build_preset PRESET [LIBTORCH]: configures once, builds what changed. Run from the checkout.
build_preset() {
  local folder options=() prefix
  folder=$(build_folder "$@")
  if [[ ! -e $folder/build.ninja ]]; then
    if [[ -n ${2:-} ]]; then
      prefix=$(jobs/fetch_libtorch.sh "$2")
      options=(-DMEDPFL_LIBTORCH="$prefix")
    fi
    cmake --preset "$1" -B "$folder" "${options[@]}"
  fi
  cmake --build "$folder"
}
