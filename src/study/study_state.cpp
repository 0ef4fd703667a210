#include "study/study_state.hpp"

#include "study/privacy_of_rounds.hpp"

namespace medpfl {
namespace {

void keep_shared(Archive& a, RunKeeper* keeper, FederatedStudy* study) {
  a.version(1);
  a("next_round", &keeper->next_round);
  FlatParameters& global = study->state.global;
  if (a.reading()) global = FlatParameters(study->model->layout());
  a.fixed("weights", global.data(), global.size());
  if (study->capture != nullptr) a("capture", study->capture.get());
}

void keep_server(Archive& a, RunKeeper* keeper, FederatedStudy* study) {
  a.version(1);
  a("record", &keeper->record);
  a("weight_log", study->weights.get());
  if (study->defenses != nullptr) a("defense_log", study->defenses.get());
  a("attack_cases", study->cases.get());
  a("attack_queue", study->attacks.get());
  a("server_optimizer", study->state.optimizer.get());
}

}  // namespace

void save_study(RunKeeper* keeper, FederatedStudy* study, Checkpoint* checkpoint) {
  checkpoint->shared = Archive::write([&](Archive& a) { keep_shared(a, keeper, study); });
  checkpoint->server = Archive::write([&](Archive& a) { keep_server(a, keeper, study); });
  if (study->client_states != nullptr) checkpoint->client_states = study->client_states->name();
}

void restore_study(const RunContext& context, RunKeeper* keeper, FederatedStudy* study) {
  context.comm.agree([&] {
    keeper->restore_shared([&](Archive& a) { keep_shared(a, keeper, study); });
    if (!context.comm.is_root()) return;
    keeper->restore_server([&](Archive& a) { keep_server(a, keeper, study); });
    // The ledger is not in the checkpoint; it is computed again.
    if (study->privacy != nullptr)
      add_rounds(context.settings, study->seeds, study->data.shard_sizes, keeper->next_round,
                 study->privacy.get());
  });
  if (study->client_states == nullptr) return;
  std::vector<int64_t> own;
  for (const Client& client : study->data.clients) own.push_back(client.id);
  study->client_states->restore(keeper->client_states(), keeper->next_round, own);
}

void remove_unknown_files(const RunContext& context, const FederatedStudy& study) {
  context.comm.agree([&] {
    if (!context.comm.is_root()) return;
    study.weights->remove_unknown();
    if (study.capture != nullptr) study.capture->remove_unknown();
    if (study.client_states != nullptr) study.client_states->remove_unknown();
  });
}

}  // namespace medpfl
