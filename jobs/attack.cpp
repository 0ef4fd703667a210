// medpfl attack: inverts the gradients that a run recorded. Trains nothing.
#include <fmt/format.h>

#include "config/adaptation.hpp"
#include "config/unused_options.hpp"
#include "core/process.hpp"
#include "flags.hpp"
#include "job.hpp"
#include "results/folder/run_folder.hpp"
#include "study/attack_config.hpp"
#include "study/dry_run.hpp"
#include "study/recorded_attack.hpp"
#include "study/run_end.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  return {
      "[mpirun -n RANKS] medpfl attack --input=RUN [--attack.option=value ...] "
      "--run.output=FOLDER [flags]",
      "Attacks the gradients that a run recorded, with other attacks or on other ranks, and "
      "writes a run of its own. Options that are not given are those of the run; [attack] and "
      "[attack.NAME], [run] and [checkpoint] may be changed.",
      {"medpfl attack --input=runs/mine --attack.method=modern --run.output=runs/again",
       "mpirun -n 4 medpfl attack --input=runs/mine --attack.restarts=4 "
       "--run.output=runs/four"},
      {"run.output", "attack.method", "attack.rounds", "attack.clients", "attack.iterations",
       "attack.restarts"},
      "On SIGUSR1 or SIGTERM the iteration in hand is finished and a checkpoint is written; the "
      "exit code is then 75.",
      {}};
}

// Returns the configuration of the recorded run, changed by the options of this job.
Config read_attack_config(const Communicator& comm, const JobArguments& arguments) {
  const Config recorded = recorded_config(comm, arguments.input);
  Config config = recorded;
  config.unset("run.output");
  config = read_config(comm, arguments, config);
  comm.agree([&] {
    refuse_changed_record(recorded, config, arguments.input);
    take_evaluations(arguments, &config);
    if (!arguments.print_config)
      warn_of_unused(newly_unused(config, recorded), arguments.strict, comm.is_root());
  });
  adapt_attacks(&config);
  return config;
}

int run(const Communicator& comm, const JobArguments& arguments) {
  const Config config = read_attack_config(comm, arguments);
  if (arguments.print_config) {
    if (comm.is_root()) fmt::print("{}", config.to_ini(true));
    return 0;
  }
  Settings settings;
  comm.agree([&] {
    settings = make_settings(config);
    check_attack_settings(settings, arguments.input);
    if (!comm.is_root()) return;
    check_attack_output(settings.output, arguments.input);
    check_output_folder(settings.output, arguments.overwrite || arguments.resume);
  });
  const RankPlace place = find_place(comm, settings.threads, settings.device);
  prepare_process(place.threads);
  const RunContext context = {comm, config, settings, place};
  if (arguments.dry_run) {
    dry_run_attack(context, arguments.input);
    return 0;
  }
  const ExitCode code =
      attack_recorded(context, {arguments.resume, arguments.max_walltime.seconds}, arguments.input);
  if (comm.is_root()) show_end(code, settings.output);
  return static_cast<int>(code);
}

}  // namespace

const Job kAttackJob = {"attack", "inverts the gradients that a run recorded", help, run, nullptr,
                        true};

}  // namespace medpfl
