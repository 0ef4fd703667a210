// medpfl simulate: trains a federation, attacks what the server received, records everything.
#include <fmt/format.h>

#include "core/process.hpp"
#include "job.hpp"
#include "results/folder/run_folder.hpp"
#include "study/dry_run.hpp"
#include "study/federated_run.hpp"
#include "study/run_end.hpp"

namespace medpfl {
namespace {

std::string help() {
  return "usage: [mpirun -n RANKS] medpfl simulate [--config FILE] [--section.option=value ...]\n\n"
         "Trains a federation of hospitals, attacks the messages the server received, and writes "
         "the run to run.output.\n\n"
         "flags:\n"
         "  --config FILE     options from an INI file; the command line wins\n"
         "  --print-config    show the resolved configuration as INI and end\n"
         "  --dry-run         show placement, memory and file sizes as they would be, and end\n"
         "  --overwrite       replace a run that is in run.output\n"
         "  --resume          go on with the run in run.output, or start it where there is none\n"
         "  --max-walltime T  stop with a checkpoint before T (HH:MM:SS) has passed\n"
         "  --quiet           warnings and errors only\n\n"
         "SIGUSR1 or SIGTERM: the step in hand is finished, a checkpoint written, exit code 75.\n" +
         describe_sections();
}

int run(const Communicator& comm, const JobArguments& arguments) {
  const Config config = read_config(comm, arguments);
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
