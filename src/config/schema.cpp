#include "config/schema.hpp"

#include "attacks/attack.hpp"
#include "config/framework_options.hpp"
#include "data/dataset.hpp"
#include "defenses/defense.hpp"
#include "federation/algorithm.hpp"
#include "models/model.hpp"

namespace medpfl {
namespace {

template <class Factory>
void add_components(const std::string& prefix, const Registry<Factory>& registry,
                    std::vector<Section>* out) {
  for (const auto& entry : registry.entries())
    if (!entry.options.empty())
      out->push_back({prefix + "." + entry.name, entry.summary, entry.options});
}

}  // namespace

const std::vector<Section>& config_sections() {
  static const std::vector<Section> sections = [] {
    std::vector<Section> all;
    for (const FrameworkSection& section : framework_sections())
      all.push_back({section.name, section.summary, section.options.specs()});
    add_components("data", datasets(), &all);
    add_components("model", models(), &all);
    add_components("federation", algorithms(), &all);
    add_components("defense", defenses(), &all);
    add_components("attack", attacks(), &all);
    return all;
  }();
  return sections;
}

}  // namespace medpfl
