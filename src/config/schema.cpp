#include "config/schema.hpp"

#include "config/catalog.hpp"
#include "config/framework_options.hpp"

namespace medpfl {

const std::vector<Section>& config_sections() {
  static const std::vector<Section> sections = [] {
    std::vector<Section> all;
    for (const FrameworkSection& section : framework_sections())
      all.push_back({section.name, section.summary, section.options.specs()});
    for (const ComponentFamily& family : component_families())
      for (const Component& component : family.components)
        if (!component.options.empty())
          all.push_back(
              {family.section + "." + component.name, component.summary, component.options});
    return all;
  }();
  return sections;
}

}  // namespace medpfl
