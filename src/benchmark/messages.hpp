#pragma once
#include <string>
#include <vector>

#include "benchmark/table.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Measures the exact sum and the broadcast of one size, for `medpfl benchmark`.
void benchmark_aggregation(const Communicator& comm, std::vector<BenchmarkRow>* rows);

/// Measures the ways to add up a round's updates, for the model and for 1 M and 10 M parameters,
/// for `medpfl benchmark comm`. Appends a row for each and returns one line that says which is best
/// for the model. Collective, on two ranks at least.
std::string benchmark_comm(const Communicator& comm, const Model& model,
                           std::vector<BenchmarkRow>* rows);

}  // namespace medpfl
