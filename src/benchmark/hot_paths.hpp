#pragma once
#include <vector>

#include "benchmark/table.hpp"
#include "config/settings.hpp"

namespace medpfl {

/// Appends a row on an attack of one image: an evaluation of `idlg` with its optimizer, in
/// milliseconds. Collective.
void benchmark_attack(const Communicator& comm, const Model& model,
                      std::vector<BenchmarkRow>* rows);

/// Appends a row on each engine that applies to the model, in milliseconds an evaluation of `batch`
/// images. Collective.
void benchmark_engines(const Communicator& comm, const Model& model, int64_t batch,
                       std::vector<BenchmarkRow>* rows);

/// Appends a row on local training by FedAvg, in steps a second on one rank while all ranks train:
/// under the configured defenses, where these act in training, beside training without them.
/// Collective.
void benchmark_training(const Communicator& comm, const Config& config, const Settings& settings,
                        const Model& model, std::vector<BenchmarkRow>* rows);

}  // namespace medpfl
