// medpfl attack: inverts the gradients that a run recorded. Trains nothing.
#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <memory>

#include "attacks/engines/matching_engine.hpp"
#include "comm/rank_place.hpp"
#include "config/settings.hpp"
#include "core/log.hpp"
#include "core/process.hpp"
#include "job.hpp"
#include "results/folder/run_folder.hpp"
#include "results/run/recorded_run.hpp"
#include "results/run/run_summary.hpp"
#include "run_keeper.hpp"

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

bool may_change(const std::string& option) {
  if (option == "attack.threat") return false;  // it made the messages
  for (const char* section : {"run.", "attack.", "checkpoint."})
    if (option.rfind(section, 0) == 0) return true;
  return false;
}

// The configuration of the recorded run, with what this job was given on top.
Config read_attack_config(const Communicator& comm, const JobArguments& arguments) {
  std::string recorded, file;
  comm.agree([&] {
    if (arguments.input.empty())
      throw ConfigError("attack needs the run to attack: --input runs/x/run.h5");
    if (!comm.is_root()) return;
    recorded = open_run(arguments.input).read_text("/config/resolved");
    if (!arguments.config.empty()) file = read_config_text(arguments.config);
  });
  recorded = comm.broadcast(std::move(recorded));
  file = comm.broadcast(std::move(file));
  Config config;
  comm.agree([&] {
    Config base;
    base.read_text(recorded, arguments.input);
    config = base;
    config.unset("run.output");
    if (!arguments.config.empty()) config.read_text(file, arguments.config);
    config.read_arguments(arguments.words);
    std::vector<std::string> free;
    for (const auto& [option, entry] : config.entries())
      if (may_change(option)) free.push_back(option);
    const std::vector<std::string> lines = config.differences(base, free);
    if (!lines.empty())
      throw ConfigError(
          fmt::format("attack works on what {} recorded; these options cannot be changed:\n{}",
                      arguments.input, join(lines, "\n")));
  });
  return config;
}

class AttackJob {
 public:
  AttackJob(const Communicator& comm, const Config& config, const Settings& settings,
            const JobArguments& arguments, const RankPlace& place)
      : comm_(comm),
        config_(config),
        s_(settings),
        arguments_(arguments),
        place_(place),
        keeper_(comm, config, settings, arguments,
                {[](ByteWriter*) {}, [this](ByteWriter* out) { save(out); }}) {}

  int run() {
    return keeper_.run(place_, {[this] { load(); }, [this](bool resumed) { begin(resumed); },
                                [this] { return finish(); }});
  }

 private:
  void load() {
    const auto timer = keeper_.timers.measure(Phase::kLoad);
    int64_t classes = 0;
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      recorded_ = std::make_unique<RecordedRun>(arguments_.input);
      classes = recorded_->data().classes();
    });
    comm_.broadcast(&classes, sizeof classes);
    comm_.agree([&] {
      model_ = std::make_unique<Model>(make_model(config_, s_, classes));
      model_->compute_on(place_.compute_device());
      if (!s_.attack.methods.empty())
        keeper_.record.engine = choose_engine(s_.attack.engine, *model_);
      cases_ = std::make_unique<AttackCases>(model_->layout());
      if (comm_.is_root())
        recorded_->read_cases(*s_.targets, s_.federation.batch_size, cases_.get());
    });
    keeper_.check_inputs(comm_.is_root() ? recorded_->inputs() : InputDigests(),
                         fmt::format("--input {}", arguments_.input));
    attacks_ = std::make_unique<AttackQueue>(
        *model_, s_.attack, cases_.get(),
        comm_.is_root() ? recorded_->data().public_mean : at::Tensor(), s_.seeds.server);
    RunRecord& record = keeper_.record;
    record.model = model_.get();
    record.attacks = attacks_.get();
    record.source = std::filesystem::absolute(arguments_.input).lexically_normal().string();
    if (comm_.is_root()) record.data = &recorded_->data();
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    record.initial = {kNone, kNone, kNone, kNone, kNone};
    log_info(
        fmt::format("{}: {} recorded messages are attacked", arguments_.input, cases_->size()));
  }

  void begin(bool resumed) {
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      if (!resumed) {
        prepare_output_folder(s_.output);
        return;
      }
      ByteReader in(keeper_.server_state());
      keeper_.record.created = in.value<long long>();
      keeper_.record.resumes = in.value<int64_t>() + 1;
      attacks_->restore(&in);
    });
    keeper_.write("running");
  }

  void save(ByteWriter* out) const {
    out->value(keeper_.record.created);
    out->value(keeper_.record.resumes);
    attacks_->save(out);
  }

  bool finish() {
    if (!keeper_.attack(attacks_.get())) return false;
    keeper_.write("complete");
    return true;
  }

  const Communicator& comm_;
  const Config& config_;
  const Settings& s_;
  const JobArguments& arguments_;
  const RankPlace& place_;
  RunKeeper keeper_;
  std::unique_ptr<RecordedRun> recorded_;  // on rank 0
  std::unique_ptr<Model> model_;
  std::unique_ptr<AttackCases> cases_;
  std::unique_ptr<AttackQueue> attacks_;
};

int run(const Communicator& comm, const JobArguments& arguments) {
  const Config config = read_attack_config(comm, arguments);
  if (arguments.print_config) {
    if (comm.is_root()) fmt::print("{}", config.to_ini(true));
    return 0;
  }
  Settings settings;
  comm.agree([&] {
    settings = make_settings(config);
    if (settings.attack.methods.empty())
      throw ConfigError("attack.method is empty: name an attack, e.g. --attack.method=idlg");
    if (settings.federation.secure_aggregation)
      throw ConfigError(fmt::format(
          "{} was trained under secure aggregation and recorded no messages that could be attacked "
          "again; medpfl simulate attacks its sums, by attack.method and attack.sees=sum",
          arguments.input));
    if (settings.attack.sums)
      throw ConfigError(
          "attack.sees=sum works in medpfl simulate; recorded messages are single: set "
          "attack.sees=messages");
    if (comm.is_root()) {
      std::error_code error;
      const auto folder = std::filesystem::absolute(open_run(arguments.input).path()).parent_path();
      if (std::filesystem::equivalent(folder, settings.output, error))
        throw ConfigError(fmt::format(
            "run.output={} is the run that is attacked; name another folder", settings.output));
      check_output_folder(settings.output, arguments.overwrite || arguments.resume);
    }
  });
  const RankPlace place = find_place(comm, settings.threads, settings.device);
  prepare_process(place.threads);
  const int code = AttackJob(comm, config, settings, arguments, place).run();
  if (comm.is_root()) show_end(code, settings.output);
  return code;
}

}  // namespace

const Job kAttackJob = {"attack", "inverts the gradients that a run recorded", help, run, nullptr,
                        true};

}  // namespace medpfl
