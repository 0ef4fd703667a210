#pragma once
#include <string>
#include <vector>

#include "benchmark/table.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Appends rows on a vector of 4 M parameters, for `medpfl benchmark`: adding it to the exact sum,
/// adding a mask of secure aggregation, and its reduction and broadcast. Collective.
void benchmark_aggregation(const Communicator& comm, std::vector<BenchmarkRow>* rows);

/// Appends a row on each way to add up the updates of a round, for the model and for 1 M and 10 M
/// parameters, for `medpfl benchmark comm`. Returns one line that says which is fastest for the
/// model. Collective, on at least two ranks.
std::string benchmark_comm(const Communicator& comm, const Model& model,
                           std::vector<BenchmarkRow>* rows);

}  // namespace medpfl
