#include "study/recorded_attack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>

#include "attacks/engines/matching_engine.hpp"
#include "core/log.hpp"
#include "results/folder/run_folder.hpp"
#include "results/run/recorded_run.hpp"
#include "study/forewarnings.hpp"
#include "study/privacy_of_rounds.hpp"
#include "study/run_keeper.hpp"
#include "study/study_inputs.hpp"

namespace medpfl {
namespace {

// Returns the most local steps behind an update among the cases; 0: there is none.
int64_t most_steps(const AttackCases& cases) {
  int64_t most = 0;
  for (int64_t i = 0; i < cases.size(); ++i)
    if (const Observation& seen = cases[i].observation; seen.probe < 0)
      most = std::max(most, seen.steps);
  return most;
}

class RecordedAttack final : public KeptJob {
 public:
  RecordedAttack(const RunContext& context, const RunRequest& request, const std::string& input)
      : context_(context),
        comm_(context.comm),
        s_(context.settings),
        input_(input),
        keeper_(context, request) {}

  ExitCode run() { return keeper_.run(this); }

  void load() override {
    const auto timer = keeper_.timers.measure(Phase::kLoad);
    int64_t classes = 0;
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      recorded_ = std::make_unique<RecordedRun>(input_);
      classes = recorded_->data().classes();
    });
    comm_.broadcast(&classes, sizeof classes);
    comm_.agree([&] {
      model_ = std::make_unique<Model>(make_model(context_.config, s_, classes));
      model_->compute_on(context_.place.compute_device());
      if (!s_.attack.methods.empty())
        keeper_.record.engine = choose_engine(s_.attack_request.engine, *model_);
      cases_ = std::make_unique<AttackCases>(model_->layout());
      if (!comm_.is_root()) return;
      warn_of_untested(s_);
      cases_->set_public_images(recorded_->data().public_images);
      recorded_->read_cases(*s_.targets, s_.federation.batch_size, cases_.get());
      warn_of_local_steps(s_, most_steps(*cases_));
    });
    keeper_.check_inputs(comm_.is_root() ? recorded_->inputs() : InputDigests(),
                         fmt::format("--input {}", input_));
    attacks_ = std::make_unique<AttackQueue>(
        *model_, s_.attack, cases_.get(),
        comm_.is_root() ? recorded_->data().public_mean : at::Tensor(), s_.seeds.server);
    count_privacy();
    describe();
    if (comm_.is_root()) warn_of_defenses(s_);
    log_info(fmt::format("{}: {} recorded messages are attacked", input_, cases_->size()));
  }

  void begin(bool resumed) override {
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      if (!resumed) {
        prepare_output_folder(s_.output);
        return;
      }
      keeper_.restore_server([this](Archive& a) { keep(a); });
    });
    keeper_.write("running");
  }

  void save(Checkpoint* checkpoint) override {
    checkpoint->server = Archive::write([this](Archive& a) { keep(a); });
  }

  bool work() override {
    if (!keeper_.attack(attacks_.get())) return false;
    keeper_.write("complete");
    return true;
  }

 private:
  void keep(Archive& a) {
    a.version(1);
    a("record", &keeper_.record);
    a("attack_queue", attacks_.get());
  }

  // Computes the privacy loss of the recorded run again, which bounds what its messages give away.
  // Collective.
  void count_privacy() {
    InputDigests inputs;
    if (comm_.is_root()) inputs = recorded_->inputs();
    inputs.source.clear();  // the recorded run itself had none
    const RunSeeds seeds = seeds_over_inputs(context_, inputs);
    comm_.agree([&] {
      const auto claim = comm_.is_root() ? recorded_->privacy() : std::nullopt;
      if (!claim) return;
      const FederatedData& data = recorded_->data();
      const auto algorithm = make_algorithm(context_.config, s_, *model_, seeds);
      privacy_ = PrivacyLedger::make(s_.federation, *algorithm, s_.defenses,
                                     model_->layout().size(), seeds.clients, data.shard_sizes);
      if (privacy_ == nullptr) return;
      add_rounds(s_, seeds, data.shard_sizes, s_.federation.rounds, privacy_.get());
      if (privacy_->greatest().back().tight == claim->epsilon) return;
      log_warning(fmt::format(
          "{}: its epsilon of {:.4g} is not the one of this program, {:.4g}; nothing bounds what "
          "its messages give away",
          input_, claim->epsilon, privacy_->greatest().back().tight));
      privacy_.reset();
    });
  }

  void describe() {
    RunRecord& record = keeper_.record;
    record.model = model_.get();
    record.attacks = attacks_.get();
    record.privacy = privacy_.get();
    record.source = std::filesystem::absolute(input_).lexically_normal().string();
    if (comm_.is_root()) {
      record.data = &recorded_->data();
      record.networks = recorded_->networks();
    }
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    record.initial = {kNone, kNone, kNone, kNone, kNone};
  }

  const RunContext& context_;
  const Communicator& comm_;
  const Settings& s_;
  const std::string& input_;
  RunKeeper keeper_;
  std::unique_ptr<RecordedRun> recorded_;  // on rank 0
  std::unique_ptr<Model> model_;
  std::unique_ptr<AttackCases> cases_;
  std::unique_ptr<AttackQueue> attacks_;
  std::unique_ptr<PrivacyLedger> privacy_;  // on rank 0; null: no epsilon is claimed
};

}  // namespace

ExitCode attack_recorded(const RunContext& context, const RunRequest& request,
                         const std::string& input) {
  return RecordedAttack(context, request, input).run();
}

}  // namespace medpfl
