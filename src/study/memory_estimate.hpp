#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "federation/federated_data.hpp"
#include "models/model.hpp"
#include "study/run_counts.hpp"

namespace medpfl {

/// Named amounts of memory, in bytes.
using MemoryParts = std::vector<std::pair<std::string, int64_t>>;

/// Returns the main memory that rank `rank` of `ranks` will need at its peak, right to about a
/// quarter. Program, libraries and
/// activations are measured: a batch, an evaluation block and a matching evaluation are computed on
/// zeros.
MemoryParts estimate_memory(const Settings& settings, const FederatedData& data, const Model& model,
                            const RunCounts& counts, int rank, int ranks);

}  // namespace medpfl
