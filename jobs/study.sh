#!/usr/bin/env bash
# The MedPFL study: what gradients of medical images give away, and what noise, clipping and other defenses buy and cost. Each
# cell is an audit (docs/audit.md) of five networks, and docs/study.md is made of all of them.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/study.sh [--data DIR] [--natural DIR] [--full] [--output FOLDER] [--page FILE]
                     [--ranks N] [--at-once N] [--only PATTERN] [--list] [-- OPTION...]

Runs the cells of the study and writes pages of what came out: study.md, and beside it defenses.md,
attacks.md and scores.md, all numbers as CSV in data/, pictures in pictures/. Called again it goes
on where it was. The reduced design takes up to three hours on two cores.

  --data DIR       holds the folders of images brain_tumor_mri and chest_xray_pneumonia and, for
                   more cells, covid_cxr_3class, melanoma_cancer_dataset and mnist_t10k.
                   Without it generated images stand in (default: $MEDPFL_DATA)
  --natural DIR    photographs, whose patches are compared with medical images (default: those of
                   Debian's package mate-backgrounds, where it is installed)
  --full           the full design, for a cluster
  --output FOLDER  where cells go (default: runs/study); cell N is line N of FOLDER/tasks.txt
  --page FILE      where the page goes (default: FOLDER/study.md)
  --ranks N        MPI ranks of a cell (default: 1)
  --at-once N      cells side by side (default: as many as fit on the cores)
  --only PATTERN   only cells whose line in tasks.txt matches this extended regular expression
  --list           only write FOLDER/tasks.txt; slurm/tasks.sh FOLDER then runs it under Slurm
  -- OPTION...     options that each audit has, too: -- --evaluations=50 for a quick look
The program is build/release/bin/medpfl, or $MEDPFL_BINARY.
END
}

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/setup.sh
source "$root/jobs/setup.sh"
# shellcheck source=jobs/tasks.sh
source "$root/jobs/tasks.sh"

data=${MEDPFL_DATA:-} natural=/usr/share/backgrounds/mate/nature output=runs/study page=""
full=false list=false ranks=1 at_once="" only="" more=()
while (($#)); do
  if [[ $1 == --?*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
  case $1 in
    --data | --natural | --output | --page | --ranks | --at-once | --only)
      [[ -n ${2:-} ]] || { usage >&2 && fail "$1 needs a value."; }
      name=${1#--}
      printf -v "${name//-/_}" '%s' "$2"
      shift
      ;;
    --full) full=true ;;
    --list) list=true ;;
    -h | --help) usage && exit ;;
    --)
      more=("${@:2}")
      break
      ;;
    *) usage >&2 && fail "unknown argument: $1" ;;
  esac
  shift
done
cores=$(nproc)
at_once=${at_once:-$((cores / ranks > 1 ? cores / ranks : 1))}
[[ $ranks =~ ^[1-9][0-9]*$ && $at_once =~ ^[1-9][0-9]*$ ]] ||
  fail "--ranks and --at-once are whole numbers from 1 on."
sets=(phantom-mri phantom-xray) more_sets=(phantom-dermoscopy)
if [[ -n $data ]]; then
  sets=(brain_tumor_mri chest_xray_pneumonia)
  more_sets=(covid_cxr_3class melanoma_cancer_dataset digits photographs)
  for set in "${sets[@]}"; do
    [[ -d $data/$set ]] ||
      fail "no folder $data/$set" "Name the folder of the images: --data DIR."
  done
  data=$(realpath -- "$data")
fi
mkdir -p -- "$output"
output=$(realpath -- "$output")

# images SET: sets `where` to the options of a set of images. Fails where it is not there.
images() {
  local folder=$data/$1
  case $1 in
    phantom-*) where=(--data.dataset=phantom "--data.phantom.modality=${1#phantom-}") && return ;;
    digits | photographs) folder=$output/contrast/$1 ;;
  esac
  where=("--data.path=$folder")
  [[ -d $folder ]]
}

# cell SET OPTION...: a line of the list. An option takes the place of that of the same name before it.
cell() {
  local option order=() where
  local -A words=()
  images "$1" || {
    left_out+=("$1")
    return 0
  }
  for option in --networks=5 "--evaluations=$evaluations" "--presets=$presets" "$rounds" "${where[@]}" \
    "${@:2}" "${more[@]}"; do
    [[ -v "words[${option%%=*}]" ]] || order+=("${option%%=*}")
    words[${option%%=*}]=$option
  done
  # xargs splits a line into words: quotes hold a path with spaces together.
  printf 'audit --config "%s" --apart' "$root/configs/paper/study.ini"
  for option in "${order[@]}"; do printf ' "%s"' "${words[$option]}"; done
  echo
}

noise() { echo "--defense.chain=$1 --defense.$1.scale=$2"; }
noise_of_norm() { echo "$(noise "$1" "$2") --defense.$1.relative=norm"; }

# Attacks at their defaults that are tried once, on the first set of images without a defense.
every_attack=dlg,idlg,cpl,kernel,inverting-gradients,modern,partial-match,untrained-prior
# How far attacks are let go, which attacks at their defaults are tried on every cell, and what is
# crossed with the sets of images.
evaluations=200 presets=idlg,cpl rounds=--attack.rounds=0,2
defenses=("" "$(noise_of_norm gaussian 0.1)" "$(noise_of_norm gaussian 0.3)"
  "$(noise_of_norm gaussian 1)" "$(noise laplace 0.01)" --epsilon=8)
if $full; then
  sets+=("${more_sets[@]}")
  more_sets=()
  evaluations=5000 presets=dlg,idlg,cpl,inverting-gradients rounds=--attack.rounds=0,1,2,10
  defenses=("")
  # The levels 100 to 400 of the MedPFL paper, and Gaussian noise of the same deviation.
  for scale in 0.01 0.005 0.0033333 0.0025; do defenses+=("$(noise laplace "$scale")"); done
  for scale in 0.0141421 0.0070711 0.004714 0.0035355; do
    defenses+=("$(noise gaussian "$scale")")
  done
  for scale in 0.01 0.03 0.1 0.3 1 3; do
    defenses+=("$(noise_of_norm gaussian "$scale")" "$(noise_of_norm laplace "$scale")")
  done
  for epsilon in 1 8 100 1e4 1e6; do defenses+=("--epsilon=$epsilon"); done
fi
# What is changed alone, on the first set of images without a defense.
single=(
  # Three rounds and one state, because it takes longer than ten others.
  "--model.name=resnet18 --model.resnet18.norm=group --model.resnet18.width=16 --federation.rounds=3
   --attack.rounds=2 --evaluations=300 --presets=inverting-gradients,modern"
  "--model.name=lenet-medpfl --model.init=uniform"
  "--model.activation=sigmoid"
  "--attack.probe_batch=4"
  "--attack.targets=updates --data.limit=20 --federation.batch_size=5 --federation.local_epochs=2"
  "--data.channels=3"
  "--attack.labels=known"
  "--defense.chain=prune --defense.prune.ratio=0.99"
  "--defense.chain=quantize --defense.quantize.format=sign"
  # It diverges at the rate of the others.
  "--defense.chain=precode --federation.learning_rate=0.02"
  "--defense.chain=mixup"
  "--defense.chain=instahide"
  "--defense.chain=ats"
  "--defense.chain=clip"
  "--defense.chain=soteria --defense.soteria.percentile=80 --federation.rounds=1 --attack.rounds=0"
  "--model.convnet-small.norm=batch"
  "--data.image_size=64"
  "--evaluations=$((4 * evaluations))"
)

[[ -z $data ]] || /usr/bin/python3 "$root/jobs/contrast_sets.py" --digits "$data/mnist_t10k" \
  --photographs "$natural" "$output/contrast"
left_out=()
# shellcheck disable=SC2086,SC2046  # several options in a text
{
  for set in "${sets[@]}"; do
    for defense in "${defenses[@]}"; do
      others=()
      [[ $set != "${sets[0]}" || -n $defense ]] || others=("--presets=$every_attack")
      cell "$set" $defense "${others[@]}"
    done
  done
  for set in "${more_sets[@]}"; do
    cell "$set"
    cell "$set" $(noise_of_norm gaussian 0.3)
  done
  for change in "${single[@]}"; do cell "${sets[0]}" $change; done
  # The paper's own setup.
  for set in "${sets[@]}"; do
    images "$set" || continue
    printf 'sweep --config "%s" --grid "%s"' "$root"/configs/paper/{mixed,mixed_grid}.ini
    printf ' "%s"' "${where[@]}"
    echo
  done
} >"$output/tasks.txt"
((${#left_out[@]} == 0)) ||
  say "left out, because there are no images: $(printf '%s\n' "${left_out[@]}" | sort -u | xargs)"
say "$(wc -l <"$output/tasks.txt") lines in $output/tasks.txt"
if $list; then exit; fi

find_program
mpi_environment
run_tasks "$output" "$ranks" "$at_once" "$program" "$only" ||
  fail "stopped; the same command goes on from here."

say "Pages"
page=${page:-$output/study.md}
export PYTHONPATH=$root/analysis
# What the full design would cost is told beside what this one has cost.
$full || "$0" --full --list ${data:+--data "$data"} --natural "$natural" --output "$output/full"
/usr/bin/python3 -m medpfl_analysis study "$output" --output "$page" \
  --machine "$(machine "$ranks" "$at_once")"
/usr/bin/python3 -m medpfl_analysis correlations "$output" --output "$(dirname -- "$page")/scores.md"
((${#failed_tasks[@]} == 0)) ||
  fail "cells that failed: ${failed_tasks[*]}" "Their messages are in $output/N.log."
