#!/usr/bin/env bash
# Tests of jobs whose ranks are on two hosts that this machine plays (tests/on_two_hosts.sh): the MPI tests, and
# tests/two_hosts. A suite of its own, since containers may forbid networks of one's own; it then fails with the reason.
# Needs root. Arguments go to pytest: tests/two_hosts.sh -k vanishes
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/setup.sh
source jobs/setup.sh

timed "Debian packages" install_missing "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
tests/on_two_hosts.sh true
mpi_environment
timed "Build (build/ci)" build_preset ci

# mpi_tests: those of 2 and 4 ranks, which write to a folder that both hosts see.
mpi_tests() {
  local common
  common=$(mktemp -d -p "$PWD/build")
  OMPI_MCA_mca_base_env_list="TMPDIR=$common" tests/on_two_hosts.sh \
    ctest --preset ci --label-regex mpi --exclude-regex '\.1$' --no-tests=error
  rm -r -- "$common"
}

(($#)) || timed "MPI tests on two hosts" mpi_tests
export MEDPFL_BINARY=$PWD/build/ci/bin/medpfl PYTHONPATH=$PWD/analysis PYTHONDONTWRITEBYTECODE=1
timed "Federations on two hosts" /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/two_hosts "$@"
