#!/usr/bin/env bash
# tests/gpu/bundle.sh BUILD FOLDER: puts what tests/gpu/run.sh needs into a folder of its own, below 64 MiB: the programs of a build
# folder, stripped, and the libraries that they need but for glibc, LibTorch and CUDA, which the machine with the GPU has.
# It needs x86-64, the glibc of Debian 12 or a newer one, and a PyTorch of the version that the build folder was configured with.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
build=${1:?"bundle.sh BUILD FOLDER"} bundle=${2:?"bundle.sh BUILD FOLDER"}
readonly most_bytes=$((64 << 20))

fail() { echo "error: $*" >&2; exit 1; }

libtorch=$(sed -n 's/^MEDPFL_LIBTORCH:PATH=//p' "$build/CMakeCache.txt")
[[ -n $libtorch ]] || fail "$build was configured without MEDPFL_LIBTORCH, the folder torch of a PyTorch for CUDA"
[[ ! -e $bundle ]] || fail "$bundle exists already"
mkdir -p "$bundle"/{bin,lib/openmpi,share/openmpi}

# libraries PROGRAM...: paths of what they load, but for glibc and what lies beside LibTorch.
libraries() {
  ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u |
    grep -v -e "^$(dirname "$(realpath "$libtorch")")/" -e '/lib\(c\|m\|dl\|rt\|pthread\|resolv\|util\)\.so\.[0-9]*$'
}

# keep FOLDER FILE...: copies of files, without symbols.
keep() {
  local file
  for file in "${@:2}"; do
    cp --dereference -- "$file" "$1/"
    strip --strip-unneeded "$1/$(basename "$file")"
  done
}

keep "$bundle/bin" "$build"/bin/medpfl "$build"/bin/gpu_test
mapfile -t needed < <(libraries "$bundle"/bin/*)
keep "$bundle/lib" "${needed[@]}"
# OpenBLAS has kernels of all processors, in 36 MB. The reference BLAS has the same functions.
for blas in "$bundle"/lib/libopenblas*.so.*; do
  [[ ! -e $blas ]] || cp --dereference /usr/lib/x86_64-linux-gnu/blas/libblas.so.3 "$blas"
done

# Open MPI loads its components by name. Those that need more, as fast networks do, are left out.
components=$(ompi_info --parsable --path pkglibdir | cut -d: -f3)
for component in "$components"/*.so; do
  complete=yes
  for library in $(libraries "$component"); do
    [[ -e $bundle/lib/$(basename "$library") ]] || complete=""
  done
  [[ -z $complete ]] || keep "$bundle/lib/openmpi" "$component"
done
cp "$(ompi_info --parsable --path pkgdatadir | cut -d: -f3)"/help-* "$bundle/share/openmpi/"

cp "$here"/run.sh "$here"/compare.py "$bundle/"
bytes=$(du --apparent-size -sb "$bundle" | cut -f1)
((bytes < most_bytes)) || fail "$bundle has $((bytes >> 20)) MiB, of which 64 may be carried"
echo "$bundle: $((bytes >> 20)) MiB"
