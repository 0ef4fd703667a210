#include <fmt/format.h>

#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "models/network_builder.hpp"

namespace medpfl {

RegistryEntry<DefenseFactory> precode_defense() {
  using O = Option<Bottleneck>;
  const OptionTable<Bottleneck> options = {
      O{"width", &Bottleneck::width, "values of the bottleneck"}.at_least(1),
      O{"weight", &Bottleneck::weight,
        "weight of the bottleneck's divergence from N(0, 1) in the training loss"}
          .at_least(0)};
  return defense_row(
      "precode", "puts a variational bottleneck before the head, so that gradients are random",
      "Scheliga, Maeder, Seeland, WACV 2022, arXiv 2108.04725", options,
      [](const Bottleneck& bottleneck) {
        Defense defense;
        defense.settings =
            fmt::format("width={} weight={}", bottleneck.width, shortest(bottleneck.weight));
        defense.traces.random_layer = true;
        defense.network = [bottleneck](NetworkBuilder* network) {
          network->named("precode").bottleneck(bottleneck);
        };
        return defense;
      },
      {256, 0.001});
}

}  // namespace medpfl
