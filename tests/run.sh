#!/usr/bin/env bash
# From a fresh Debian machine to tested: packages, build, every test.
# Arguments go to ctest: tests/run.sh -R lbfgs
# MEDPFL_TEST_DATA, if set, is the folder of real images that the tests may read.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/setup.sh
source jobs/setup.sh

timed "Debian packages" install_missing "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
mpi_environment
timed "Build (build/ci)" build_preset ci
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-2}
timed "Tests" ctest --preset ci --no-tests=error "$@"
