// medpfl sweep: a run at every point of a grid of options.
#include <fmt/format.h>

#include "comm/rank_place.hpp"
#include "config/framework_options.hpp"
#include "core/error.hpp"
#include "core/process.hpp"
#include "flags.hpp"
#include "job.hpp"
#include "sweep/board.hpp"
#include "sweep/sweep_run.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  return {
      "[mpirun -n RANKS] medpfl sweep --grid=FILE [--section.option=value ...] [flags]",
      "Runs medpfl simulate at every point of a grid of options, into run.output/points/NNNNN, "
      "and keeps the index run.output/sweep.h5. The same command again goes on where it ended.",
      {"medpfl sweep --grid=my.grid --config=my.ini --run.output=runs/sweep",
       "mpirun -n 8 medpfl sweep --grid=my.grid --ranks-per-point=2 --run.output=runs/sweep"},
      {"run.output", "data.dataset", "federation.rounds", "defense.chain", "attack.method"},
      "A grid file has lines section.option = v1 | v2 | v3, crossed with each other, in the "
      "section [grid]; each further section [NAME] is a block with lines of its own, crossed "
      "with those of [grid], and the points are those of all blocks. When the command is given "
      "again, complete points stay, interrupted ones are resumed and open ones begun. On SIGUSR1 "
      "or SIGTERM the step in hand is finished and a checkpoint is written; the exit code is then "
      "75. Where points failed, the exit code is that of the first.",
      {}};
}

// Returns the base options; with neither --grid nor --config those of the sweep in run.output.
Config read_base(const Communicator& comm, const JobArguments& arguments) {
  Config base = read_config(comm, arguments);
  if (!arguments.grid.empty() || !arguments.config.empty()) return base;
  const std::string output = base.section("run").text("output");
  JobArguments recorded = arguments;
  recorded.config = recorded_base(comm, output);
  base = read_config(comm, recorded);
  base.assign("run.output", output, "sweep");
  return base;
}

// Throws ConfigError or OutputError where the folder does not fit the plan. Under --overwrite first
// removes what is there, unless the call only looks.
void check_folder(const SweepPlan& plan, const JobArguments& arguments) {
  const SweepFolder folder(plan.output);
  if (arguments.overwrite && plan.is_part)
    throw ConfigError(
        "--overwrite removes all points, and --index runs some of them: begin the "
        "sweep anew in another folder");
  if (arguments.merge && !folder.begun())
    throw ConfigError(fmt::format("--merge: no sweep was begun in {}", plan.output));
  const bool changes = !arguments.list && !arguments.merge && !arguments.dry_run;
  if (arguments.overwrite && changes) folder.remove();
  folder.check(plan.base, plan.grid_text);
}

int run(const Communicator& comm, const JobArguments& arguments) {
  const SweepRequest request = {arguments.grid, arguments.index, arguments.ranks_per_point,
                                arguments.retry_failed, arguments.max_walltime.seconds};
  Config base = read_base(comm, arguments);
  comm.agree([&] { take_evaluations(arguments, &base); });
  const SweepPlan plan = plan_sweep(comm, base, request);
  if (arguments.print_config) {
    if (comm.is_root()) fmt::print("{}", plan.base.to_ini(true));
    return 0;
  }
  comm.agree([&] {
    if (!comm.is_root()) return;
    warn_of_unused(unused_everywhere(plan), arguments.strict, true);
    check_folder(plan, arguments);
  });
  if (arguments.list || arguments.merge) {
    comm.agree([&] {
      if (!comm.is_root()) return;
      SweepBoard board(plan);
      board.refresh();
      if (arguments.merge) board.write_index(false);
      board.print();
    });
    return 0;
  }
  const Settings run = read_framework_options(plan.base);
  const RankPlace place = find_place(comm, run.threads, run.device);
  prepare_process(place.threads);
  if (arguments.dry_run) {
    dry_run_sweep(comm, plan, place);
    return 0;
  }
  return static_cast<int>(run_sweep(comm, plan, request, place, arguments.quiet));
}

}  // namespace

const Job kSweepJob = {
    "sweep", "runs simulate at every point of a grid of options", help, run, nullptr, true};

}  // namespace medpfl
