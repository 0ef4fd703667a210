#pragma once
#include <string>
#include <vector>

#include "benchmark/table.hpp"
#include "models/model.hpp"

namespace medpfl {

/// The row of `medpfl benchmark`: exact sum and broadcast of one size.
void benchmark_aggregation(const Communicator& comm, std::vector<BenchmarkRow>* rows);

/// `medpfl benchmark comm`: the ways to bring a round's updates together, for the model and for 1 M
/// and 10 M parameters. Appends a row each and returns one line that says which is best for the
/// model. Collective, on two ranks at least.
std::string benchmark_comm(const Communicator& comm, const Model& model,
                           std::vector<BenchmarkRow>* rows);

}  // namespace medpfl
