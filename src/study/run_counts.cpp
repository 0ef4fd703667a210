#include "study/run_counts.hpp"

#include <algorithm>

#include "campaign/task_budget.hpp"
#include "federation/round_loop.hpp"
#include "federation/round_plan.hpp"
#include "study/sizes.hpp"

namespace medpfl {
namespace {

// Counts what `attacks` make of so many messages of `batch` images.
void count_attacks(const AttackPlan& plan, int64_t messages, int64_t batch,
                   const AttacksOnMessage& attacks, RunCounts* counts) {
  counts->attacked += messages;
  counts->tasks += messages * attacks.methods * plan.restarts;
  counts->evaluations += messages * attacks.evaluations;
  counts->reconstructed += messages * attacks.methods * plan.restarts * batch;
  counts->attacked_batch = std::max(counts->attacked_batch, batch);
}

}  // namespace

RunCounts count_run(const Settings& settings, const FederatedData& data, const Model& model,
                    const Algorithm& algorithm, int ranks) {
  RunCounts counts;
  counts.messages.resize(static_cast<size_t>(ranks));
  counts.attacked_messages.resize(static_cast<size_t>(ranks));
  counts.participants.resize(static_cast<size_t>(ranks));
  const int64_t clients = data.client_count();
  std::vector<bool> attacked(static_cast<size_t>(clients)), took_part(attacked);
  const AttacksOnMessage on_updates = attacks_on(settings.attack, -1);
  const AttacksOnMessage on_probes = attacks_on(settings.attack, 0);
  for (int64_t r = 0; r < settings.federation.rounds; ++r) {
    const RoundPlan plan =
        plan_round(r, data.shard_sizes, settings.federation.sampling, settings.federation.dropout,
                   settings.seeds, *settings.targets);
    int64_t most_probes = 0, images_in_sum = 0, attacked_before = counts.attacked;
    std::vector<int64_t> present(static_cast<size_t>(ranks)), targets(present);
    for (size_t i = 0; i < plan.clients.size(); ++i) {
      const auto h = static_cast<size_t>(plan.clients[i]);
      const auto rank = static_cast<size_t>(data.placement[h]);
      const int64_t probes = plan.probes[i];
      most_probes = std::max(most_probes, probes);
      ++present[rank];
      if (!took_part[h]) ++counts.participants[rank];
      took_part[h] = true;
      const auto receive = [&](int64_t messages, int64_t batch, const AttacksOnMessage& attacks) {
        if (!plan.attacked[i] || messages == 0 || attacks.methods == 0) return;
        attacked[h] = true;
        targets[rank] += messages;
        counts.attacked_images += messages * batch;
        if (settings.attack.sums)
          images_in_sum += batch;
        else
          count_attacks(settings.attack, messages, batch, attacks, &counts);
      };
      receive(1, algorithm.examples(data.shard_sizes[h]), on_updates);
      receive(probes, settings.targets->probe_batch, on_probes);
      if (plan.attacked[i] && on_probes.methods > 0) counts.attacked_probes += probes;
    }
    if (images_in_sum > 0) count_attacks(settings.attack, 1, images_in_sum, on_updates, &counts);
    const int64_t chunk =
        std::max<int64_t>(1, kMessageBytes / (vector_bytes(model) * (1 + most_probes)));
    for (size_t rank = 0; rank < present.size(); ++rank) {
      const int64_t held = std::min(present[rank], chunk) * (1 + most_probes);
      counts.messages[rank] = std::max(counts.messages[rank], held);
      counts.attacked_messages[rank] =
          std::max(counts.attacked_messages[rank], std::min(targets[rank], held));
    }
    const int64_t in_round = counts.attacked - attacked_before;
    if (in_round > 0) ++counts.attacked_rounds;
    counts.attacked_at_once =
        settings.attack.each_round ? std::max(counts.attacked_at_once, in_round) : counts.attacked;
  }
  counts.attacked_clients = std::count(attacked.begin(), attacked.end(), true);
  return counts;
}

}  // namespace medpfl
