#include "federation/aggregator_rows.hpp"

namespace medpfl {

const Registry<AggregatorFactory>& aggregators() {
  static const Registry<AggregatorFactory> table("aggregator", {fedavg(), fedsgd()});
  return table;
}

}  // namespace medpfl
