#pragma once
#include <cstdint>
#include <vector>

#include "config/settings.hpp"
#include "federation/privacy_ledger.hpp"

namespace medpfl {

/// Adds the first `rounds` rounds of a run to its ledger, as their plans say. `seeds`: those of the
/// run over its inputs; `shard_sizes`: images of each hospital.
void add_rounds(const Settings& settings, const RunSeeds& seeds,
                const std::vector<int64_t>& shard_sizes, int64_t rounds, PrivacyLedger* ledger);

}  // namespace medpfl
