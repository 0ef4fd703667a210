// medpfl audit: says whether a federation leaks, by attacks that were chosen on public images.
#include <fmt/format.h>

#include <algorithm>

#include "audit/audit_run.hpp"
#include "audit/noise_for_epsilon.hpp"
#include "config/unused_options.hpp"
#include "core/log.hpp"
#include "core/process.hpp"
#include "flags.hpp"
#include "job.hpp"
#include "study/attack_config.hpp"
#include "terminal/inspect.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  return {
      "[mpirun -n RANKS] medpfl audit --data=FOLDER [--section.option=value ...] [flags]",
      "Trains a federation on your images, or takes a recorded run, and says whether its messages "
      "leak: attacks are rehearsed on public images, and the best one attacks the first, middle "
      "and last round.",
      {"medpfl audit --data=my/images --minutes=15 --run.output=runs/audit",
       "mpirun -n 4 medpfl audit --data=my/images --model=convnet-small --weights=w.pt "
       "--epsilon=8 --run.output=runs/eps8",
       "medpfl audit --input=runs/mine --run.output=runs/mine_audited"},
      {"run.output", "data.image_size", "data.public", "model.name", "federation.algorithm",
       "federation.batch_size", "defense.chain", "attack.rounds"},
      "--minutes is turned into a number of evaluations once, by measuring what one costs on this "
      "machine; --evaluations gives the number, so that results are the same on any machine. On "
      "SIGUSR1 or SIGTERM the step in hand is finished and a checkpoint is written; the exit code "
      "is then 75.",
      {}};
}

// Sets the options that the flags stand for.
void take_flags(const JobArguments& arguments, Config* config) {
  set_by_flag("data.path", arguments.data, config);
  set_by_flag("data.public_path", arguments.public_images, config);
  set_by_flag("model.weights", arguments.weights, config);
  set_by_flag("model.name", arguments.model, config);
  set_by_flag("federation.clients", arguments.clients, config);
  set_by_flag("federation.rounds", arguments.rounds, config);
}

// The images that rehearsals use are no part of what a run recorded.
void take_public_images(const JobArguments& arguments, Config* config) {
  if (arguments.public_images.empty()) return;
  config->assign("data.public_path", arguments.public_images, kCommandLine);
  config->assign("data.public", "0", kCommandLine);
}

// Warns of options without effect but those of attacks, which rehearsals choose.
void warn_of_others(std::vector<UnusedOption> unused, const JobArguments& arguments,
                    const Communicator& comm) {
  if (arguments.print_config) return;
  unused.erase(
      std::remove_if(unused.begin(), unused.end(),
                     [](const UnusedOption& one) { return one.option.rfind("attack.", 0) == 0; }),
      unused.end());
  warn_of_unused(unused, arguments.strict, comm.is_root());
}

Config read_audit_config(const Communicator& comm, const JobArguments& arguments) {
  if (!arguments.input.empty()) {
    const Config recorded = recorded_config(comm, arguments.input);
    Config config = recorded;
    config.unset("run.output");
    config = read_config(comm, arguments, config);
    comm.agree([&] {
      refuse_changed_record(recorded, config, arguments.input);
      warn_of_others(newly_unused(config, recorded), arguments, comm);
      take_public_images(arguments, &config);
      set_recorded_defaults(&config);
    });
    return config;
  }
  Config config = read_config(comm, arguments);
  comm.agree([&] {
    take_flags(arguments, &config);
    set_audit_defaults(&config);
    warn_of_others(unused_options(config), arguments, comm);
  });
  return config;
}

int run(const Communicator& comm, const JobArguments& arguments) {
  Config config = read_audit_config(comm, arguments);
  if (arguments.epsilon > 0) add_noise_for(comm, arguments.epsilon, &config);
  if (arguments.print_config) {
    if (comm.is_root()) fmt::print("{}", config.to_ini(true));
    return 0;
  }
  AuditPlan plan;
  Settings settings;
  comm.agree([&] {
    plan = make_audit_plan(config);
    plan.input = arguments.input;
    plan.networks = arguments.networks;
    plan.apart = arguments.apart;
    plan.presets = arguments.presets;
    if (plan.networks > 1 && !plan.input.empty())
      throw ConfigError("--networks: a recorded run is of one network; leave it out with --input");
    if (plan.apart && !plan.input.empty())
      throw ConfigError("--apart: a recorded run is of one network; leave it out with --input");
    settings = make_settings(config);
  });
  AuditRequest request;
  request.minutes = arguments.minutes;
  if (arguments.evaluations > 0) request.evaluations = arguments.evaluations;
  request.resume = arguments.resume;
  request.overwrite = arguments.overwrite;
  request.max_walltime = arguments.max_walltime.seconds;
  const RankPlace place = find_place(comm, settings.threads, settings.device);
  prepare_process(place.threads);
  if (arguments.dry_run) {
    dry_run_audit(comm, plan, request);
    return 0;
  }
  const ExitCode code = run_audit(comm, place, plan, request);
  if (comm.is_root() && code == ExitCode::kOk && shows_information())
    fmt::print("{}\nresults: {}/audit.h5\n", inspect_as_text(plan.folder), plan.folder);
  return static_cast<int>(code);
}

}  // namespace

const Job kAuditJob = {"audit", "says whether a federation leaks, by attacks chosen in rehearsals",
                       help,    run,
                       nullptr, true};

}  // namespace medpfl
