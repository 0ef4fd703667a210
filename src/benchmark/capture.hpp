#pragma once
#include <vector>

#include "benchmark/table.hpp"
#include "config/settings.hpp"

namespace medpfl {

/// Appends a row on how fast all ranks record the gradients of one round in a folder of run.output,
/// which is removed again, beside the bare write of the same rows. Collective.
void benchmark_capture(const Communicator& comm, const Settings& settings, const Model& model,
                       std::vector<BenchmarkRow>* rows);

}  // namespace medpfl
