#!/usr/bin/env bash
# Tests and times MedPFL on a GPU, from a folder that tests/gpu/bundle.sh made. The machine needs an NVIDIA GPU and the PyTorch of
# that version, and no network.
#   ./run.sh                    on the GPU
#   ./run.sh --device cpu       the same steps, shortened, where there is none
# Results go to the folder $OUT, by default ./out. It ends with 1 where anything failed.
set -uo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
device=cuda
[[ ${1:-} != --device ]] || device=${2:?"--device cuda or cpu"}
out=${OUT:-$PWD/out}
mkdir -p "$out"

fail() { echo "error: $*" >&2; exit 2; }

read -r version torch < <(python3 - 2>/dev/null <<'PYTHON'
from importlib.metadata import distribution
torch = distribution("torch")
print(torch.version, torch.locate_file("torch"))
PYTHON
) || fail "python3 finds no PyTorch"

# One process is a job of one rank, which needs no mpirun. Open MPI is told where it lies.
export LD_LIBRARY_PATH=$torch/lib:$here/lib OMP_NUM_THREADS=${OMP_NUM_THREADS:-4}
export OPAL_PREFIX=$here OPAL_PKGDATADIR=$here/share/openmpi OMPI_MCA_mca_base_component_path=$here/lib/openmpi
export OMPI_MCA_ess_singleton_isolated=1 OMPI_MCA_pml=ob1 OMPI_MCA_btl=self
medpfl=$here/bin/medpfl
failed=0
built=$("$medpfl" --version) || fail "the program does not start"
echo "$built"
[[ $built == *"LibTorch ${version%%+*}" ]] || fail "python3 finds PyTorch $version, and programs of $here need that other version"

# step NAME COMMAND...: its output goes to the screen and to a file; says how long it took, and goes on where it failed.
step() {
  local name=$1 start=$SECONDS
  echo "== $name"
  if "${@:2}" 2>&1 | tee "$out/$name.log"; then
    echo "== $name: $((SECONDS - start)) s"
  else
    echo "== $name FAILED after $((SECONDS - start)) s"
    failed=1
  fi
}

# shellcheck disable=SC2317  # step calls it
simulate() {
  "$medpfl" simulate --quiet --overwrite --run.device="$1" --run.output="$out/$1" \
    --data.dataset=phantom --data.image_size=16 --data.phantom.train=24 --data.phantom.test=12 \
    --model.name=lenet-dlg --model.init=uniform --model.init_scale=0.5 \
    --federation.algorithm=fedavg --federation.clients=3 --federation.rounds=3 --federation.batch_size=4 --federation.learning_rate=0.01 \
    --attack.method=idlg,inverting-gradients --attack.rounds=0 --attack.targets=probes --attack.probes=1 \
    --attack.iterations=60 --attack.idlg.init=uniform --attack.idlg.output_error=observed \
    --attack.idlg.objective=relative-l2 --attack.idlg.line_search=strong-wolfe --attack.inverting-gradients.sign=none &&
    "$medpfl" inspect --json "$out/$1" > "$out/$1.json"
}

# shellcheck disable=SC2317  # step calls it
benchmark() {
  "$medpfl" benchmark compute --run.device="$device" --run.output="$out/benchmark-$1-$2" \
    --model.name=resnet18 --data.image_size="$1" --data.channels=3 --federation.batch_size="$2"
}

if [[ $device == cuda ]]; then
  tested=cuda sizes=(32 224) batches=(1 8 32)
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
else
  tested=cpu:0 sizes=(32) batches=(1)
fi
MEDPFL_TEST_DEVICE=$tested step gpu_test "$here/bin/gpu_test" --gtest_brief=1
step federation-cpu simulate cpu
[[ $device == cpu ]] || step "federation-$device" simulate "$device"
step agreement python3 "$here/compare.py" "$out/cpu.json" "$out/$device.json"
for size in "${sizes[@]}"; do
  for batch in "${batches[@]}"; do step "benchmark-$size-$batch" benchmark "$size" "$batch"; done
done
((failed == 0)) && echo "all passed"
exit "$failed"
