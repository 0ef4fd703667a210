# Sourced by the batch files: the machine's profile, then
#   medpfl=(srun ... /path/to/medpfl)   the command that starts the program on every rank
#   staged=([--data.path=FOLDER])       the option that names the nodes' copies of MEDPFL_STAGE
#   run_until_done JOB [OPTION...]      runs a job that may need several allocations
# shellcheck shell=bash

# fail LINE...: an error, what to do on its further lines; the job ends.
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '       %s\n' "$@" >&2
  exit 2
}

# MEDPFL_MACHINE: a name of slurm/machines/, or the path of your own profile.
profile=${MEDPFL_MACHINE:-pmix_cpu}
[[ $profile == */* ]] || profile=$MEDPFL_ROOT/slurm/machines/$profile.sh
[[ -r $profile ]] || fail "no machine profile $profile" \
  "Set MEDPFL_MACHINE to a name in $MEDPFL_ROOT/slurm/machines or to the path of a profile."
# What a profile may set: srun's --mpi (empty: the default of the site) and --cpu-bind, a folder on
# each node's own disk, or the whole launcher.
mpi='' cpu_bind=cores node_disk=/tmp
# shellcheck source=slurm/machines/pmix_cpu.sh
source "$profile"

# MEDPFL_ROOT is a checkout, or share/medpfl of an installed prefix.
program=$MEDPFL_ROOT/build/release/bin/medpfl
[[ -e $MEDPFL_ROOT/CMakeLists.txt ]] || program=$MEDPFL_ROOT/../../bin/medpfl
program=${MEDPFL_BINARY:-$program}
[[ -x $program ]] || fail "no program $program" \
  "Build it once, on the login node (docs/hpc.md), or set MEDPFL_BINARY to its path."

# Since Slurm 22.05 srun does not take --cpus-per-task over from the allocation.
export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}
export OMP_NUM_THREADS=$SRUN_CPUS_PER_TASK
# A rank that dies ends all; each rank sees all GPUs of its node and takes one.
[[ -v launcher ]] ||
  launcher=(srun ${mpi:+"--mpi=$mpi"} "--cpu-bind=$cpu_bind" --gpu-bind=none --kill-on-bad-exit=1)
# shellcheck disable=SC2034  # the batch files use it
medpfl=("${launcher[@]}" "$program")

printf 'MedPFL: job %s, start %s, %s tasks on %s\n' "$SLURM_JOB_ID" \
  "$((${SLURM_RESTART_COUNT:-0} + 1))" "${SLURM_NTASKS:-1}" "$SLURM_JOB_NODELIST"

# Ranks that crash leave no core files, unless MEDPFL_CORE_FILES says how large they may be.
ulimit -S -c "${MEDPFL_CORE_FILES:-0}" ||
  fail "MEDPFL_CORE_FILES=${MEDPFL_CORE_FILES:-0} is no size that this machine allows" \
    "It is a number of KiB, or unlimited."

# on_each_node COMMAND...: runs a command once on every node of the job.
on_each_node() {
  srun --mpi=none --nodes="$SLURM_NNODES" --ntasks="$SLURM_NNODES" --ntasks-per-node=1 \
    --cpus-per-task=1 --kill-on-bad-exit=1 "$@"
}

# Gives the nodes' copies of MEDPFL_STAGE up.
unstage() {
  ((${#staged[@]} == 0)) || on_each_node "$MEDPFL_ROOT/slurm/stage.sh" out "$copy" || true
  staged=()
}

# MEDPFL_STAGE: a tar archive of a data set of many files, which each node unpacks onto its own disk.
# Every job finds the copy of one archive at one path, because --resume refuses another data.path.
staged=()
if [[ -n ${MEDPFL_STAGE:-} ]]; then
  [[ -f $MEDPFL_STAGE && -r $MEDPFL_STAGE ]] || fail "MEDPFL_STAGE: no archive $MEDPFL_STAGE" \
    "Make it on the login node: tar -C my/images -cf images.tar ."
  archive=$(realpath -- "$MEDPFL_STAGE")
  copy=$node_disk/medpfl-$UID/$(basename -- "$archive" .tar)-$(stat -c %i-%Y -- "$archive")
  staged=("--data.path=$copy")
  trap unstage EXIT
  on_each_node "$MEDPFL_ROOT/slurm/stage.sh" in "$copy" "$archive" ||
    fail "MEDPFL_STAGE=$MEDPFL_STAGE was not unpacked to $copy on every node"
fi

# Runs `medpfl JOB --resume OPTION...` and returns its code. When the time is nearly over Slurm
# sends USR1 to this script (#SBATCH --signal=B:USR1@...). It goes on to the ranks, which finish
# their step, write a checkpoint and end with code 75; then the job goes back to the queue, and its
# next start resumes from there. After MEDPFL_MAX_REQUEUES times it stays ended.
run_until_done() {
  # shellcheck disable=SC2034  # the trap uses began
  local job=$1 step code warned began=$SECONDS
  shift
  "${medpfl[@]}" "$job" --resume "$@" "${staged[@]}" &
  step=$!
  # USR1, because srun kills all ranks at once when it gets TERM. Not at once after the start: srun
  # ends with code 0 when a signal meets it while it launches.
  trap 'warned=true; ((SECONDS - began > 5)) || sleep 5; kill -USR1 "$step" || true' USR1
  while :; do
    warned=false code=0
    wait "$step" || code=$?
    # The signal ends `wait` too; only an end without one is the program's.
    $warned || break
  done
  trap '' USR1
  ((code == 75)) || return "$code"
  # Slurm ends the start that it requeues by TERM, often before scontrol returns: the last line is said all the same.
  trap '' TERM
  unstage # now: a job that is back in the queue starts no more steps

  local limit=${MEDPFL_MAX_REQUEUES:-50}
  if ((${SLURM_RESTART_COUNT:-0} >= limit)); then
    echo "MedPFL: requeued $limit times (MEDPFL_MAX_REQUEUES); submit again to go on" >&2
  elif scontrol requeue "$SLURM_JOB_ID"; then
    # Slurm reports the end of this start as "CANCELLED ... DUE TO JOB REQUEUE".
    echo "MedPFL: interrupted, its state is saved; back in the queue"
    exit 75
  else
    echo "MedPFL: interrupted, its state is saved; submit again to go on" >&2
  fi
  return 75
}
