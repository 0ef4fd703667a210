#pragma once
#include <vector>

#include "benchmark/table.hpp"
#include "config/settings.hpp"

namespace medpfl {

/// The row of the capture: gradients of one round, recorded by all ranks under run.output.
/// Collective.
void benchmark_capture(const Communicator& comm, const Settings& settings, const Model& model,
                       std::vector<BenchmarkRow>* rows);

}  // namespace medpfl
