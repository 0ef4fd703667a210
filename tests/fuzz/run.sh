#!/usr/bin/env bash
# Builds the fuzzers and runs each. Arguments go to each: tests/fuzz/run.sh -max_total_time=600
# Without any, each has 100,000 executions. Ends at the first fault, whose input stays in build/fuzz.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
[[ -n ${MEDPFL_BINARY:-} ]] || echo "without MEDPFL_BINARY, result files are not tried"
cmake --preset fuzz
cmake --build --preset fuzz --target fuzzers
/usr/bin/python3 tests/fuzz/make_seeds.py build/fuzz/seeds
cd build/fuzz
(($#)) || set -- -runs=100000
for source in ../../tests/fuzz/*_fuzz.cpp; do
  name=$(basename "$source" _fuzz.cpp)
  [[ -d seeds/$name ]] || continue
  # A reader may take 512 MiB at once; images may be large. HDF5 asks for any size where that of a chunk is damaged, and does
  # not use it, so that for its files the memory in use counts.
  most=512
  case $name in
    png | jpeg | idx | npz) most=2048 ;;
    run_file | segment | checkpoint) most=100000000 ;;
  esac
  mkdir -p "corpus/$name"
  echo "== $name"
  # MPI and LibTorch keep memory to the end.
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 OMP_NUM_THREADS=1 "bin/${name}_fuzz" -rss_limit_mb=2048 \
    -malloc_limit_mb="$most" -timeout=10 "$@" "corpus/$name" "seeds/$name"
done
