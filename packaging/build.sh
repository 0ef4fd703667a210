#!/usr/bin/env bash
# What both images do on a bare Debian: packaging/build.sh PREFIX installs the packages of jobs/setup.sh, builds, and
# installs into PREFIX the program, and the analysis as PREFIX/lib/python.
set -euo pipefail

prefix=$1
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/setup.sh
source jobs/setup.sh

install_missing "${BUILD_PACKAGES[@]}" "the analysis as a package: python3-pip python3-setuptools python3-wheel"
build_preset release
cmake --install build/release --prefix "$prefix"
# Into a folder of its own, because Debian keeps pip out of the interpreter's.
python3 -m pip install --no-deps --no-build-isolation --target "$prefix/lib/python" ./analysis
