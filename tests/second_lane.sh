#!/usr/bin/env bash
# The sources with the libraries of Debian 13, from any Debian: builds in a root of that release, and runs there what
# other libraries could change: unit tests, MPI tests, and the e2e tests of same bits, networks, interruption and golden
# numbers. Needs root (tests/in_root.sh). Arguments go to ctest and choose other tests: tests/second_lane.sh -R slurm
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
(($#)) || set -- --label-regex libraries
exec tests/in_root.sh trixie ./tests/run.sh "$@"
