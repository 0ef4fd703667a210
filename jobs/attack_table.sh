#!/usr/bin/env bash
# Every attack on the same images, networks and budgets: runs, a page of what came out, and all scores.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/attack_table.sh [--data DIR] [--output FOLDER] [--page FILE] [--ranks N]
                            [--only PATTERN] [--list]

Runs the attacks one network after another, about two hours on two cores, and writes a page of what
came out, with all scores in data/NAME.csv beside NAME.md. Called again it goes on where it was: complete runs stay, begun ones are resumed.

  --data DIR       holds the folders of images that configs/*_dlg.ini name
                   (default: $MEDPFL_DATA, else data)
  --output FOLDER  where the runs go (default: runs/attack_table); run N is line N of FOLDER/tasks.txt
  --page FILE      where the page goes (default: FOLDER/attacks.md)
  --ranks N        MPI ranks (default: 2)
  --only PATTERN   only runs whose line in tasks.txt matches this extended regular expression
  --list           only write FOLDER/tasks.txt; slurm/tasks.sh FOLDER then runs it under Slurm
The program is build/release/bin/medpfl, or $MEDPFL_BINARY.
END
}

# Each attack and the largest batch it is run on here. One that needs a network of its own has its
# line in `cells` instead.
attacks=(
  "dlg 4"
  "idlg 1"
  "cpl 1"
  "inverting-gradients 4"
  "modern 4"
  "kernel 1"
  "partial-match 4"
  "untrained-prior 4"
)
datasets=(brain_tumor_mri covid_cxr_3class melanoma_cancer_dataset)
# Network (configs/attack_table), batch, messages of each hospital, hospitals attacked, attack if
# not all. Images: batch x messages x hospitals; 0 messages: the update itself.
# Behind the attack, further options.
cells=(
  "lenet 1 3 all"
  "lenet 4 1 all"
  "convnet16 1 1 0-2"
  "convnet16 4 1 0"
  "resnet18 1 1 0-2"
  "resnet18 4 1 0"
  "resnet18_trained 1 1 0-2"
  "resnet18_trained 4 1 0"
  "mlp 1 3 all fc-readout"
  "mlp 4 1 all fc-readout"
  "imprint 64 1 all imprint"
  "convnet16 1 1 0-2 grad-inversion"
  "resnet18 1 1 0-2 grad-inversion"
  "resnet18_trained 1 1 0-2 grad-inversion,medical-bn --attack.engine=auto"
  "resnet18_trained 4 1 0 grad-inversion,medical-bn --attack.engine=auto"
  "lenet_fedavg 5 0 all inverting-gradients,sme"
)

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/setup.sh
source "$root/jobs/setup.sh"
# shellcheck source=jobs/tasks.sh
source "$root/jobs/tasks.sh"

data=${MEDPFL_DATA:-data} output=runs/attack_table page="" ranks=2 only="" list=false
while (($#)); do
  if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
  case $1 in
    --data | --output | --page | --ranks | --only)
      [[ -n ${2:-} ]] || { usage >&2 && fail "$1 needs a value."; }
      printf -v "${1#--}" '%s' "$2"
      shift
      ;;
    --list) list=true ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && fail "unknown argument: $1" ;;
  esac
  shift
done
for set in "${datasets[@]}"; do
  [[ -d $data/$set ]] || fail "no folder $data/$set" "Name the folder of the images: --data DIR."
done
data=$(realpath -- "$data")
mkdir -p -- "$output"

# methods BATCH: the attacks that take it, comma-separated.
methods() {
  local attack largest found=()
  for attack in "${attacks[@]}"; do
    read -r attack largest <<<"$attack"
    (($1 > largest)) || found+=("$attack")
  done
  (IFS=, && echo "${found[*]}")
}

for cell in "${cells[@]}"; do
  read -r network batch messages hospitals attack more <<<"$cell"
  for set in "${datasets[@]}"; do
    # xargs splits a line into words: quotes hold a path with spaces together.
    printf '%s ' --config "\"$root/configs/attack_table/$network.ini\"" \
      "\"--data.path=$data/$set\"" "--attack.method=${attack:-$(methods "$batch")}"
    targets=probes
    ((messages > 0)) || targets=updates
    echo "--attack.probe_batch=$batch --attack.probes=$messages --attack.targets=$targets" \
      "--attack.clients=$hospitals --checkpoint.seconds=60${more:+ $more}"
  done
done >"$output/tasks.txt"
if $list; then exit; fi

find_program
mpi_environment
run_tasks "$output" "$ranks" 1 "$program" "$only" ||
  fail "stopped; the same command goes on from here."

say "Page"
PYTHONPATH=$root/analysis /usr/bin/python3 -m medpfl_analysis attacks "$output" \
  --machine "$(machine "$ranks" 1)" \
  --output "${page:-$output/attacks.md}"
((${#failed_tasks[@]} == 0)) ||
  fail "runs that failed: ${failed_tasks[*]}" "Their messages are in $output/N.log."
