#pragma once
#include "comm/communicator.hpp"
#include "config/config.hpp"

namespace medpfl {

/// Sets defense.chain to dp-sgd with Poisson sampling, and its noise to the least constant one that
/// keeps epsilon at or below `epsilon` (above 0) after all rounds of the federation. Scans the data
/// set. Collective. Throws AgreedError where another chain is set, or no noise has this effect.
void add_noise_for(const Communicator& comm, double epsilon, Config* config);

}  // namespace medpfl
