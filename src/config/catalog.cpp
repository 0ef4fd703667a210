#include "config/catalog.hpp"

#include "attacks/attack.hpp"
#include "config/config.hpp"
#include "core/text.hpp"
#include "data/dataset.hpp"
#include "defenses/defense.hpp"
#include "federation/algorithm.hpp"
#include "models/model.hpp"

namespace medpfl {
namespace {

template <class Factory>
ComponentFamily family(const char* name, const std::string& section, const char* chosen_by,
                       const Registry<Factory>& registry) {
  ComponentFamily out = {name, section, section + "." + chosen_by, {}};
  for (const auto& entry : registry.entries())
    out.components.push_back({entry.name, entry.summary, entry.paper, entry.options});
  return out;
}

}  // namespace

std::vector<std::string> in_use(const ComponentFamily& family, const Config& config) {
  return split_list(config.entries().at(family.chosen_by).value);
}

const std::vector<ComponentFamily>& component_families() {
  static const std::vector<ComponentFamily> families = {
      family("datasets", "data", "dataset", datasets()),
      family("models", "model", "name", models()),
      family("algorithms", "federation", "algorithm", algorithms()),
      family("defenses", "defense", "chain", defenses()),
      family("attacks", "attack", "method", attacks())};
  return families;
}

}  // namespace medpfl
