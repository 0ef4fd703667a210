#!/usr/bin/env bash
# From a fresh Debian machine to tested: packages, build, every test.
# Arguments go to ctest: tests/run.sh -R attacks
# In front of them, --libtorch VERSION takes that version from PyPI instead of Debian's: tests/run.sh --libtorch 2.11.0
# MEDPFL_TEST_DATA, if set, is the folder of real images that the tests may read.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/setup.sh
source jobs/setup.sh

libtorch=""
if [[ ${1:-} == --libtorch ]]; then
  libtorch=${2:?"--libtorch needs a version, such as 2.11.0"}
  shift 2
fi
timed "Debian packages" install_missing "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
# Tests wait a third of their time: for files, and for processes that start. (Behind mpi_environment nproc says 1.)
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(($(nproc) * 3 / 2))}
mpi_environment
build=$(build_folder ci "$libtorch")
timed "Build ($build)" build_preset ci "$libtorch"
timed "Tests" ctest --test-dir "$build" --output-on-failure --no-tests=error "$@"
