#include "federation/rows.hpp"

namespace medpfl {

const Registry<AlgorithmFactory>& algorithms() {
  static const Registry<AlgorithmFactory> table("federated algorithm", {fedavg(), fedsgd()});
  return table;
}

}  // namespace medpfl
