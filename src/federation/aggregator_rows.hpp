#pragma once
#include "federation/aggregator.hpp"

namespace medpfl {

// The rows of the aggregators' table, each written in the file of its name.
RegistryEntry<AggregatorFactory> fedsgd();
RegistryEntry<AggregatorFactory> fedavg();

}  // namespace medpfl
