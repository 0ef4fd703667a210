#include "study/privacy_of_rounds.hpp"

#include "federation/round_plan.hpp"

namespace medpfl {

void add_rounds(const Settings& settings, const RunSeeds& seeds,
                const std::vector<int64_t>& shard_sizes, int64_t rounds, PrivacyLedger* ledger) {
  const FederationSettings& f = settings.federation;
  for (int64_t round = 0; round < rounds; ++round)
    ledger->add(plan_round(round, shard_sizes, f.sampling, f.dropout, seeds, *settings.targets));
}

}  // namespace medpfl
