#include "config/catalog.hpp"

#include "attacks/attack.hpp"
#include "data/dataset.hpp"
#include "defenses/defense.hpp"
#include "federation/algorithm.hpp"
#include "models/model.hpp"

namespace medpfl {
namespace {

template <class Factory>
ComponentFamily family(const char* name, const char* section, const Registry<Factory>& registry) {
  ComponentFamily out = {name, section, {}};
  for (const auto& entry : registry.entries())
    out.components.push_back({entry.name, entry.summary, entry.paper, entry.options});
  return out;
}

}  // namespace

const std::vector<ComponentFamily>& component_families() {
  static const std::vector<ComponentFamily> families = {
      family("datasets", "data", datasets()), family("models", "model", models()),
      family("algorithms", "federation", algorithms()), family("defenses", "defense", defenses()),
      family("attacks", "attack", attacks())};
  return families;
}

}  // namespace medpfl
