#!/usr/bin/env bash
# The sources with the libraries of Debian 13, from any Debian: builds in a root of that release, and runs there what
# other libraries could change. tests/run.sh prints the minutes of each part. Needs root (tests/in_root.sh).
# Arguments go to ctest and say which other tests to run: tests/second_lane.sh -R slurm
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/setup.sh
source jobs/setup.sh

# lane PART ARGUMENT...: the tests that ctest chooses by the arguments.
lane() {
  say "Debian 13: $1"
  tests/in_root.sh trixie ./tests/run.sh "${@:2}"
}

if (($#)); then
  lane "ctest $*" "$@"
else
  lane "unit tests" --label-regex unit
  lane "MPI tests" --label-regex mpi
  lane "e2e tests of same bits, networks and interruption" --tests-regex '^e2e\.(same_bits|networks|interruption)$'
fi
