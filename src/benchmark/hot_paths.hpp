#pragma once
#include <vector>

#include "benchmark/table.hpp"
#include "config/settings.hpp"

namespace medpfl {

/// Appends rows on attacks of one image, in milliseconds: an evaluation of `idlg` with its
/// optimizer, and one of each engine alone. Collective.
void benchmark_attack(const Communicator& comm, const Model& model,
                      std::vector<BenchmarkRow>* rows);

/// Appends a row on local training by FedAvg, in steps a second on one rank while all ranks train:
/// under the configured defenses, where these act in training, beside training without them.
/// Collective.
void benchmark_training(const Communicator& comm, const Config& config, const Settings& settings,
                        const Model& model, std::vector<BenchmarkRow>* rows);

}  // namespace medpfl
