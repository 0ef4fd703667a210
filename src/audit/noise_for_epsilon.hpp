#pragma once
#include <vector>

#include "comm/communicator.hpp"
#include "config/config.hpp"
#include "federation/federated_data.hpp"

namespace medpfl {

/// Sets defense.chain to dp-sgd with Poisson sampling, and its noise to the least constant one that
/// keeps epsilon at or below `epsilon` (above 0) after all rounds of the federation. Scans the data
/// set. Collective. Throws AgreedError where another chain is set, or no noise has this effect.
void add_noise_for(const Communicator& comm, double epsilon, Config* config);

/// The noise of dp-sgd, as a multiple of the clipping bound, and the epsilon that it keeps.
struct NoiseLevel {
  double epsilon = 0, sigma = 0;
};

/// Returns what add_noise_for() would set for some usual epsilons, the weakest first; nothing where
/// the federation has defenses, or no noise has this effect.
std::vector<NoiseLevel> noise_levels(Config config, const FederatedData& data);

}  // namespace medpfl
