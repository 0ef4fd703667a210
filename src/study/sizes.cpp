#include "study/sizes.hpp"

#include <algorithm>

#include "campaign/attack_cases.hpp"
#include "federation/local_batches.hpp"

namespace medpfl {

int64_t vector_bytes(const Model& model) {
  return model.layout().size() * static_cast<int64_t>(sizeof(float));
}

int64_t image_bytes(const FederatedData& data, const Model& model) {
  return model.input().size() * data.pixels.bytes();
}

int64_t reconstruction_bytes(const Settings& settings, const Model& model,
                             const RunCounts& counts) {
  const auto kept = 2 + static_cast<int64_t>(settings.snapshots.size());
  return counts.reconstructed * model.input().size() * static_cast<int64_t>(sizeof(float)) * kept;
}

int64_t kept_shard(const FederatedData& data) {
  return std::min(AttackCases::kMaxCandidates,
                  *std::max_element(data.shard_sizes.begin(), data.shard_sizes.end()));
}

int64_t most_local_steps(const Settings& settings, const FederatedData& data) {
  if (settings.federation.sends_gradients) return 1;
  const int64_t shard = *std::max_element(data.shard_sizes.begin(), data.shard_sizes.end());
  return settings.federation.local_epochs * batches_of(settings.federation.batch_size, shard);
}

int64_t attack_history(const AttackPlan& plan) {
  int64_t most = 0;
  for (const AttackPlan::Method& method : plan.methods)
    most = std::max(most, method.attack->facts().history);
  return most;
}

}  // namespace medpfl
