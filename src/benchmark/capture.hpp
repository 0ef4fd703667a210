#pragma once
#include <vector>

#include "benchmark/table.hpp"
#include "config/settings.hpp"

namespace medpfl {

/// Measures how fast all ranks record the gradients of one round under run.output. Collective.
void benchmark_capture(const Communicator& comm, const Settings& settings, const Model& model,
                       std::vector<BenchmarkRow>* rows);

}  // namespace medpfl
