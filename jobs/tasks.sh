# Sourced by the scripts that run a list of jobs. Line N of FOLDER/tasks.txt is a job of medpfl with its options, as on
# the command line; a line that begins with an option is of `medpfl simulate`. It is run into FOLDER/N, with its output in
# FOLDER/N.log and its exit code (docs/exit_codes.md) in FOLDER/N.code. slurm/tasks.sh runs the same lists under Slurm.
# shellcheck shell=bash
# shellcheck disable=SC2034  # the scripts use what is set here

# find_program: sets `program` to the path of medpfl; fails where there is none.
find_program() {
  program=${MEDPFL_BINARY:-$root/build/release/bin/medpfl}
  [[ -x $program ]] || fail "no program $program" \
    "Build it: cmake --preset release && cmake --build --preset release"
}

# machine RANKS AT_ONCE: what the pages name as the machine.
machine() {
  printf '%s, %s CPUs, %s at once on %s of one thread' \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc --all)" \
    "$2 $( (($2 == 1)) && echo task || echo tasks)" "$1 $( (($1 == 1)) && echo rank || echo ranks)"
}

# split_task LINE: sets task_job, and task_options. Quotes hold words together, as in a shell.
split_task() {
  mapfile -t task_options < <(xargs printf '%s\n' <<<"$1")
  task_job=simulate
  [[ ${task_options[0]} == -* ]] || {
    task_job=${task_options[0]}
    task_options=("${task_options[@]:1}")
  }
}

# run_task LINE PLACE RANKS PROGRAM: runs a line into PLACE. SIGUSR1 ends it in order, with a
# checkpoint and code 75.
run_task() {
  local code
  split_task "$1"
  # Bound, tasks side by side would all have the first cores.
  mpirun --bind-to none -n "$3" "$4" "$task_job" --resume --quiet "--run.output=$2" "${task_options[@]}" \
    >"$2.log" 2>&1 </dev/null &
  trap 'kill -USR1 $! 2>/dev/null || true' USR1
  while :; do
    code=0
    wait $! || code=$?
    kill -0 $! 2>/dev/null || break
  done
  echo "$code" >"$2.code"
}

# run_tasks FOLDER RANKS AT_ONCE PROGRAM PATTERN: runs the lines that match the extended regular
# expression PATTERN, each on RANKS ranks, AT_ONCE side by side. What is complete stays as it is, and
# what was begun goes on. Sets failed_tasks to the numbers of those that failed, and tells their
# errors. Returns 75 where INT or TERM stopped it.
run_tasks() {
  local folder=$1 task started=() lines chosen=() stopped=false
  mapfile -t lines <"$folder/tasks.txt"
  for ((task = 1; task <= ${#lines[@]}; ++task)); do
    [[ -n $5 && ! ${lines[task - 1]} =~ $5 ]] || chosen+=("$task")
  done
  trap 'stopped=true; kill -USR1 "${started[@]}" 2>/dev/null || true' INT TERM
  for task in "${chosen[@]}"; do
    while mapfile -t started < <(jobs -pr) && ((${#started[@]} >= $3)) && ! $stopped; do
      wait -n || true
    done
    ! $stopped || break
    say "$(date +%H:%M:%S) task $task of ${#lines[@]}: ${lines[task - 1]}"
    run_task "${lines[task - 1]}" "$folder/$task" "$2" "$4" &
  done
  while mapfile -t started < <(jobs -pr) && ((${#started[@]})); do
    wait -n || true
  done
  trap - INT TERM
  ! $stopped || return 75

  failed_tasks=()
  for task in "${chosen[@]}"; do
    [[ $(<"$folder/$task.code") != 0 ]] || continue
    failed_tasks+=("$task")
    grep -F ' error: ' -- "$folder/$task.log" >&2 || tail -n 3 -- "$folder/$task.log" >&2
  done
}
