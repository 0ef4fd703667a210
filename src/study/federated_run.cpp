#include "study/federated_run.hpp"

#include <algorithm>

#include "campaign/case_collector.hpp"
#include "federation/evaluation.hpp"
#include "results/folder/run_folder.hpp"
#include "study/forewarnings.hpp"
#include "study/study_state.hpp"

namespace medpfl {
namespace {

class FederatedRun final : public KeptJob, public RoundControl {
 public:
  FederatedRun(const RunContext& context, const RunRequest& request)
      : context_(context), comm_(context.comm), s_(context.settings), keeper_(context, request) {}

  ExitCode run() { return keeper_.run(this); }

  void load() override { load_study(context_, &keeper_, &study_); }

  void begin(bool resumed) override { resumed ? resume() : begin_anew(); }

  bool work() override {
    CaseCollector collector(comm_, study_.data, s_.federation, s_.attack.sums, study_.cases.get());
    std::vector<RoundObserver*> observers;
    if (study_.capture != nullptr) observers.push_back(study_.capture.get());
    if (study_.defenses != nullptr) observers.push_back(study_.defenses.get());
    if (!s_.attack.methods.empty()) observers.push_back(&collector);
    const bool attack_first = s_.attack.each_round && keeper_.next_round > 0;
    if (attack_first && !attack()) return false;
    if (!run_rounds(*study_.federation, keeper_.next_round, &study_.state, observers, this,
                    &keeper_.timers))
      return false;
    if (!attack()) return false;
    if (study_.capture != nullptr) study_.capture->finish();
    keeper_.write("complete");
    return true;
  }

  void save(Checkpoint* checkpoint) const override { save_study(keeper_, study_, checkpoint); }

  bool stop_signalled() const override { return keeper_.stop_signalled(); }

  RoundOrder decide(const RoundPlan& plan, bool signalled) override {
    if (signalled) keeper_.note_stop();
    const JobOrder order = keeper_.order();
    if (order == JobOrder::kStop) return RoundOrder::kStop;
    return order == JobOrder::kSave || keeper_.due_after(plan.round + 1) ? RoundOrder::kCheckpoint
                                                                         : RoundOrder::kGoOn;
  }

  bool after_round(const RoundPlan& plan, const RoundRecord& record, RoundOrder order) override {
    keeper_.next_round = plan.round + 1;
    if (comm_.is_root()) log_round(plan, record);
    const bool stop = order == RoundOrder::kStop;
    if (stop || order == RoundOrder::kCheckpoint ||
        (study_.capture != nullptr && study_.capture->full()))
      checkpoint(stop ? "interrupted" : "running");
    const bool attacked =
        std::any_of(plan.attacked.begin(), plan.attacked.end(), [](bool a) { return a; });
    return !stop && (!s_.attack.each_round || !attacked || attack());
  }

 private:
  void begin_anew() {
    FlatParameters& global = study_.state.global;
    global = FlatParameters(study_.model->layout());
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      global = make_first_weights(s_, *study_.model);
      warn_of_untouched_statistics(s_, *study_.model, global);
      prepare_output_folder(s_.output);
    });
    comm_.broadcast(&global);
    open_files(context_, &keeper_, &study_);
    if (study_.malicious_server != nullptr) study_.malicious_server->tamper(&global);
    keeper_.record.initial = evaluate_global(comm_, *study_.model, global, study_.data);
    if (s_.weights && comm_.is_root()) study_.weights->add(global);
    checkpoint("running");
  }

  void resume() {
    open_files(context_, &keeper_, &study_);
    restore_study(context_, &keeper_, &study_);
    // run.h5 may show more than the checkpoint knows; it must let go of files before they go.
    checkpoint("running");
    remove_unknown_files(context_, study_);
  }

  // On rank 0.
  void log_round(const RoundPlan& plan, const RoundRecord& record) {
    keeper_.record.rounds.push_back(record);
    if (study_.privacy != nullptr) study_.privacy->add(plan);
    // Masked integers are no shorter for what a defense left out.
    if (study_.defenses != nullptr && !s_.federation.secure_aggregation)
      keeper_.record.rounds.back().bytes -= study_.defenses->saved_bytes();
    if (s_.weights) study_.weights->add(study_.state.global);
  }

  bool attack() {
    if (s_.attack.methods.empty()) return true;
    // While tasks run rank 0 writes alone, so what the ranks write together must be closed.
    cut();
    return keeper_.attack(study_.attacks.get());
  }

  void checkpoint(const std::string& status) {
    cut();
    keeper_.write(status);
  }

  // What the ranks write together, for the checkpoint that rank 0 writes next.
  void cut() {
    if (study_.capture != nullptr) study_.capture->cut();
    if (study_.client_states != nullptr) study_.client_states->cut(keeper_.next_round);
  }

  const RunContext& context_;
  const Communicator& comm_;
  const Settings& s_;
  RunKeeper keeper_;
  FederatedStudy study_;
};

}  // namespace

ExitCode run_federation(const RunContext& context, const RunRequest& request) {
  return FederatedRun(context, request).run();
}

}  // namespace medpfl
