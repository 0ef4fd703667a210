// medpfl attack: inverts the gradients that a run recorded. Trains nothing.
#include <fmt/format.h>

#include "core/process.hpp"
#include "job.hpp"
#include "results/folder/run_folder.hpp"
#include "study/attack_config.hpp"
#include "study/recorded_attack.hpp"
#include "study/run_end.hpp"

namespace medpfl {
namespace {

std::string help() {
  return "usage: [mpirun -n RANKS] medpfl attack --input RUN [--attack.option=value ...] "
         "--run.output=FOLDER\n\n"
         "Attacks the gradients that a run recorded, with other attacks or on other ranks, and "
         "writes a run of its own. Options that are not given are those of the run; [attack] and "
         "[attack.NAME], [run] and [checkpoint] may be changed.\n\n"
         "flags:\n"
         "  --input RUN       folder of the recorded run, or its run.h5\n"
         "  --config FILE     options from an INI file; the command line wins\n"
         "  --print-config    show the resolved configuration as INI and end\n"
         "  --overwrite       replace a run that is in run.output\n"
         "  --resume          go on with the run in run.output, or start it where there is none\n"
         "  --max-walltime T  stop with a checkpoint before T (HH:MM:SS) has passed\n"
         "  --quiet           warnings and errors only\n\n"
         "SIGUSR1 or SIGTERM: the iteration in hand is finished, a checkpoint written, exit code "
         "75.\n" +
         describe_sections();
}

// The configuration of the recorded run, with what this job was given on top.
Config read_attack_config(const Communicator& comm, const JobArguments& arguments) {
  const Config recorded = recorded_config(comm, arguments.input);
  Config config = recorded;
  config.unset("run.output");
  config = read_config(comm, arguments, config);
  comm.agree([&] { refuse_changed_record(recorded, config, arguments.input); });
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
  const ExitCode code =
      attack_recorded(context, {arguments.resume, arguments.max_walltime.seconds}, arguments.input);
  if (comm.is_root()) show_end(code, settings.output);
  return static_cast<int>(code);
}

}  // namespace

const Job kAttackJob = {"attack", "inverts the gradients that a run recorded", help, run, nullptr,
                        true};

}  // namespace medpfl
