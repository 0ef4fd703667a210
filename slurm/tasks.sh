#!/usr/bin/env bash
# Submits a list of runs as one job array. Called again, it submits only those that have not finished.
# For a grid of options there is slurm/sweep.sbatch.
set -euo pipefail

usage() {
  cat <<'END'
usage: slurm/tasks.sh [--show] [sbatch options] FOLDER

FOLDER/tasks.txt lists the runs, one a line, as a job with its options, or as options of `simulate`:
  --config configs/idlg_strong.ini --run.seed=1
  audit --config configs/idlg_strong.ini --minutes=30
Line N is run into FOLDER/N, with its output in FOLDER/N.log. Every line without a complete run is
submitted: all at first, later those that failed or were lost. --show only tells what is done.
Options of sbatch are written with "=": --time=02:00:00.
END
}

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
options=()
show=false
while [[ ${1:-} == -* ]]; do
  case $1 in
    -h | --help) usage && exit ;;
    --show) show=true ;;
    *) options+=("$1") ;;
  esac
  shift
done
(($# == 1)) || { usage >&2 && exit 2; }
[[ -r $1/tasks.txt ]] || { echo "error: $1/tasks.txt is missing (see --help)" >&2 && exit 2; }
folder=$(realpath -- "$1")
name=tasks:$folder

mapfile -t lines <"$folder/tasks.txt"
open=()
failed=0
for ((task = 1; task <= ${#lines[@]}; ++task)); do
  [[ ${lines[task - 1]} == *[![:space:]]* ]] ||
    { echo "error: line $task of $1/tasks.txt is empty" >&2 && exit 2; }
  code=
  [[ ! -e $folder/$task.code ]] || code=$(<"$folder/$task.code")
  [[ $code != 0 ]] || continue
  open+=("$task")
  [[ -n $code ]] || continue
  failed=$((failed + 1))
  echo "task $task failed with code $code: see $1/$task.log"
done
echo "${#lines[@]} tasks: $((${#lines[@]} - ${#open[@]})) complete, $failed failed," \
  "$((${#open[@]} - failed)) not finished"
if $show || ((${#open[@]} == 0)); then exit; fi

# Two jobs must not write into one folder.
queued=$(squeue --noheader --name="$name" --format=%i)
[[ -z $queued ]] || {
  echo "error: tasks of this list are still in the queue: ${queued//$'\n'/ }" >&2 && exit 1
}
export MEDPFL_ROOT=$root
sbatch --job-name="$name" --output="$folder/%a.log" "${options[@]}" \
  --array="$(IFS=, && echo "${open[*]}")" "$root/slurm/array.sbatch" "$folder"
