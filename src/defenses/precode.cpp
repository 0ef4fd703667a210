#include <fmt/format.h>

#include "core/text.hpp"
#include "defenses/defense.hpp"
#include "models/network_builder.hpp"

namespace medpfl {

RegistryEntry<DefenseFactory> precode_defense() {
  return {"precode",
          "puts a variational bottleneck before the head, so that gradients are random",
          "Scheliga, Maeder, Seeland, WACV 2022, arXiv 2108.04725",
          {integer_option("width", 256, "values of the bottleneck").at_least(1),
           real_option("weight", 0.001, "of its divergence from N(0, 1) in the training loss")
               .at_least(0)},
          [](const OptionValues& own) {
            const Bottleneck bottleneck = {own.integer("width"), own.real("weight")};
            Defense defense;
            defense.description = fmt::format("precode width={} weight={}", bottleneck.width,
                                              shortest(bottleneck.weight));
            defense.network = [bottleneck](NetworkBuilder* network) {
              network->named("precode").bottleneck(bottleneck);
            };
            return defense;
          }};
}

}  // namespace medpfl
