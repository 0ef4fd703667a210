#include "terminal/component_list.hpp"

#include <fmt/format.h>

#include <vector>

#include "config/catalog.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "terminal/option_lines.hpp"

namespace medpfl {
namespace {

std::string lines_of(const ComponentFamily& family) {
  std::string out = family.name + "\n";
  for (const Component& component : family.components)
    out += fmt::format("  {:<20}  {}\n", component.name, component.summary);
  return out;
}

std::string long_form(const ComponentFamily& family, const Component& component) {
  const std::string section = family.section + "." + component.name;
  std::string out =
      fmt::format("{}, of the {}\n{}\n", component.name, family.name, component.summary);
  if (!component.paper.empty()) out += component.paper + "\n";
  if (component.options.empty()) return out + "no options of its own\n";
  out += "\noptions:\n";
  for (const OptionSpec& option : component.options) out += option_lines(section, option);
  return out;
}

[[noreturn]] void refuse(const std::string& word) {
  std::vector<std::string> families;
  for (const ComponentFamily& family : component_families()) families.push_back(family.name);
  std::vector<std::string> names = families;
  for (const ComponentFamily& family : component_families())
    for (const Component& component : family.components) names.push_back(component.name);
  const std::string guess = nearest(word, names);
  throw ConfigError(fmt::format("unknown name '{}'{}; families: {}", word,
                                guess.empty() ? "" : " (did you mean " + guess + "?)",
                                join(families)));
}

}  // namespace

std::string list_components(const std::string& word) {
  std::vector<std::string> parts;
  for (const ComponentFamily& family : component_families()) {
    if (word.empty() || word == family.name) parts.push_back(lines_of(family));
    for (const Component& component : family.components)
      if (word == component.name) parts.push_back(long_form(family, component));
  }
  if (parts.empty()) refuse(word);
  return join(parts, "\n");
}

}  // namespace medpfl
