// medpfl simulate: trains a federation, attacks what the server received, records everything.
#include <fmt/format.h>

#include "config/adaptation.hpp"
#include "config/unused_options.hpp"
#include "core/process.hpp"
#include "flags.hpp"
#include "job.hpp"
#include "results/folder/run_folder.hpp"
#include "study/dry_run.hpp"
#include "study/federated_run.hpp"
#include "study/run_end.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  return {
      "[mpirun -n RANKS] medpfl simulate [--section.option=value ...] [flags]",
      "Trains a federation of hospitals, attacks the messages the server received, and writes "
      "the run to run.output.",
      {"medpfl simulate --config=configs/quickstart.ini",
       "mpirun -n 4 medpfl simulate --attack.method=idlg --evaluations=1000 "
       "--run.output=runs/mine"},
      {"run.output", "data.dataset", "data.path", "model.name", "federation.algorithm",
       "federation.rounds", "defense.chain", "attack.method"},
      "On SIGUSR1 or SIGTERM the step in hand is finished and a checkpoint is written; the exit "
      "code is then 75.",
      {}};
}

int run(const Communicator& comm, const JobArguments& arguments) {
  Config config = read_config(comm, arguments);
  comm.agree([&] {
    take_evaluations(arguments, &config);
    if (!arguments.print_config)
      warn_of_unused(unused_options(config), arguments.strict, comm.is_root());
  });
  adapt_attacks(&config);
  if (arguments.print_config) {
    if (comm.is_root()) fmt::print("{}", config.to_ini(true));
    return 0;
  }
  Settings settings;
  comm.agree([&] {
    settings = make_settings(config);
    if (comm.is_root())
      check_output_folder(settings.output, arguments.overwrite || arguments.resume);
  });
  const RankPlace place = find_place(comm, settings.threads, settings.device);
  prepare_process(place.threads);
  const RunContext context = {comm, config, settings, place};
  if (arguments.dry_run) {
    dry_run(context);
    return 0;
  }
  const ExitCode code = run_federation(context, {arguments.resume, arguments.max_walltime.seconds});
  if (comm.is_root()) show_end(code, settings.output);
  return static_cast<int>(code);
}

}  // namespace

const Job kSimulateJob = {
    "simulate", "trains a federation, attacks it, records everything", help, run, nullptr, true};

}  // namespace medpfl
