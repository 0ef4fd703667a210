#pragma once
#include "federation/algorithm.hpp"

namespace medpfl {

// The rows of the algorithms' table, each written in the file of its name.
RegistryEntry<AlgorithmFactory> fedsgd();
RegistryEntry<AlgorithmFactory> fedavg();

}  // namespace medpfl
