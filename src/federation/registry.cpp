#include "federation/algorithm.hpp"

namespace medpfl {

// Each from the file of its name.
RegistryEntry<AlgorithmFactory> fedsgd();
RegistryEntry<AlgorithmFactory> fedavg();

const Registry<AlgorithmFactory>& algorithms() {
  static const Registry<AlgorithmFactory> table("federated algorithm", {fedavg(), fedsgd()});
  return table;
}

}  // namespace medpfl
