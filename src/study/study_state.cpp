#include "study/study_state.hpp"

#include "core/bytes.hpp"

namespace medpfl {
namespace {

std::string save_shared(const RunKeeper& keeper, const FederatedStudy& study) {
  const FlatParameters& global = study.state.global;
  ByteWriter out;
  out.value(keeper.next_round);
  out.array(global.data(), global.size());
  if (study.capture != nullptr) study.capture->save(&out);
  return out.take();
}

std::string save_server(const RunKeeper& keeper, const FederatedStudy& study) {
  const RunRecord& record = keeper.record;
  ByteWriter out;
  out.value(record.created);
  out.value(record.resumes);
  out.value(record.initial);
  out.array(record.rounds);
  study.weights->save(&out);
  if (study.defenses != nullptr) study.defenses->save(&out);
  study.cases->save(&out);
  study.attacks->save(&out);
  study.state.optimizer->save(&out);
  return out.take();
}

void restore_shared(RunKeeper* keeper, FederatedStudy* study) {
  ByteReader in(keeper->shared_state());
  keeper->next_round = in.value<int64_t>();
  FlatParameters& global = study->state.global;
  global = FlatParameters(study->model->layout());
  in.array_into(global.data(), global.size());
  if (study->capture != nullptr) study->capture->restore(&in);
}

void restore_server(RunKeeper* keeper, FederatedStudy* study) {
  ByteReader in(keeper->server_state());
  RunRecord& record = keeper->record;
  record.created = in.value<long long>();
  record.resumes = in.value<int64_t>() + 1;
  record.initial = in.value<Utility>();
  record.rounds = in.array<RoundRecord>();
  study->weights->restore(&in);
  if (study->defenses != nullptr) study->defenses->restore(&in);
  study->cases->restore(&in);
  study->attacks->restore(&in);
  study->state.optimizer->restore(&in);
}

// The ledger is no part of a checkpoint: the plans of the rounds make it anew.
void count_privacy_again(const Settings& s, int64_t rounds, FederatedStudy* study) {
  if (study->privacy == nullptr) return;
  for (int64_t r = 0; r < rounds; ++r)
    study->privacy->add(plan_round(r, study->data.shard_sizes, s.federation.sampling,
                                   s.federation.dropout, study->seeds, *s.targets));
}

}  // namespace

void save_study(const RunKeeper& keeper, const FederatedStudy& study, Checkpoint* checkpoint) {
  checkpoint->shared = save_shared(keeper, study);
  checkpoint->server = save_server(keeper, study);
  if (study.client_states != nullptr) checkpoint->client_states = study.client_states->name();
}

void restore_study(const RunContext& context, RunKeeper* keeper, FederatedStudy* study) {
  restore_shared(keeper, study);
  if (context.comm.is_root()) {
    restore_server(keeper, study);
    count_privacy_again(context.settings, keeper->next_round, study);
  }
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
