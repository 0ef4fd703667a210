#pragma once
#include <vector>

#include "benchmark/table.hpp"
#include "config/settings.hpp"

namespace medpfl {

/// Measures the attacks: milliseconds of a matching evaluation of `idlg`, and of each engine
/// without an optimizer.
void benchmark_attack(const Communicator& comm, const Model& model,
                      std::vector<BenchmarkRow>* rows);

/// Measures FedAvg: local steps a second on one rank while all ranks train.
void benchmark_training(const Communicator& comm, const Config& config, const Settings& settings,
                        const Model& model, std::vector<BenchmarkRow>* rows);

}  // namespace medpfl
