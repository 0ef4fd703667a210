#include "study/federated_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "campaign/case_collector.hpp"
#include "config/first_weights.hpp"
#include "core/log.hpp"
#include "federation/evaluation.hpp"
#include "results/folder/run_folder.hpp"
#include "study/forewarnings.hpp"
#include "study/study_state.hpp"

namespace medpfl {
namespace {

class FederatedRun final : public KeptJob {
 public:
  FederatedRun(const RunContext& context, const RunRequest& request)
      : context_(context), comm_(context.comm), s_(context.settings), keeper_(context, request) {}

  ExitCode run() { return keeper_.run(this); }

  void load() override { load_study(context_, &keeper_, &study_); }

  void begin(bool resumed) override { resumed ? resume() : begin_anew(); }

  bool work() override {
    CaseCollector collector(comm_, study_.data, s_.federation, s_.targets->kinds, s_.attack.sums,
                            study_.cases.get());
    std::vector<RoundObserver*> observers;
    if (study_.capture != nullptr) observers.push_back(study_.capture.get());
    if (study_.defenses != nullptr) observers.push_back(study_.defenses.get());
    if (!s_.attack.methods.empty()) observers.push_back(&collector);
    const bool attack_first = s_.attack.each_round && keeper_.next_round > 0;
    if (attack_first && !attack()) return false;
    if (!play_rounds(std::move(observers)) || !attack()) return false;
    if (study_.capture != nullptr) study_.capture->finish();
    keeper_.write("complete");
    return true;
  }

  void save(Checkpoint* checkpoint) override { save_study(&keeper_, &study_, checkpoint); }

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
    // run.h5 may refer to files that the checkpoint does not know: it is written anew before these
    // are removed.
    checkpoint("running");
    remove_unknown_files(context_, study_);
  }

  bool play_rounds(std::vector<RoundObserver*> observers) {
    RoundLoop loop(*study_.federation, &study_.state, std::move(observers), &keeper_,
                   &keeper_.timers);
    const int64_t first = keeper_.next_round;
    Progress progress("round", s_.federation.rounds - first, &keeper_);
    progress.update(0);
    for (int64_t round = first; round < s_.federation.rounds; ++round) {
      const RoundOutcome outcome = loop.play(round);
      progress.update(round + 1 - first,
                      fmt::format("training loss {:.4f}", outcome.record.train_loss));
      if (!keep(outcome)) return false;
    }
    return true;
  }

  // Records a round, writes a checkpoint where one is due, and attacks where attacks follow each
  // round. Returns false where the run was stopped.
  bool keep(const RoundOutcome& outcome) {
    keeper_.next_round = outcome.plan.round + 1;
    if (comm_.is_root()) log_round(outcome.plan, outcome.record);
    const bool stop = outcome.order == JobOrder::kStop;
    if (outcome.order != JobOrder::kGoOn || keeper_.due_after(keeper_.next_round) ||
        (study_.capture != nullptr && study_.capture->full()))
      checkpoint(stop ? "interrupted" : "running");
    const std::vector<bool>& attacked = outcome.plan.attacked;
    const bool any = std::find(attacked.begin(), attacked.end(), true) != attacked.end();
    return !stop && (!s_.attack.each_round || !any || attack());
  }

  // Called on rank 0.
  void log_round(const RoundPlan& plan, const RoundRecord& record) {
    keeper_.record.rounds.push_back(record);
    if (study_.privacy != nullptr) study_.privacy->add(plan);
    // Masked integers are all sent, also where a defense set entries to zero.
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

  // Closes the files that the ranks write together, before rank 0 writes a checkpoint that names
  // them.
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
