// medpfl list: what exists, with each one's options and source paper.
#include <fmt/format.h>

#include "config/catalog.hpp"
#include "core/error.hpp"
#include "job.hpp"
#include "terminal/component_list.hpp"

namespace medpfl {
namespace {

JobHelp help() {
  JobHelp out = {"medpfl list [FAMILY|NAME]",
                 "Shows what exists, one line each. With the name of a family, such as attacks, it "
                 "shows that family; with the name of a component its paper, and its options with "
                 "their ranges and defaults.",
                 {"medpfl list attacks", "medpfl list idlg"},
                 {},
                 "",
                 {}};
  for (const ComponentFamily& family : component_families()) out.words.push_back(family.name);
  for (const ComponentFamily& family : component_families())
    for (const Component& component : family.components) out.words.push_back(component.name);
  return out;
}

int run(const JobArguments& arguments) {
  const std::vector<std::string>& words = arguments.line.words;
  if (words.size() > 1) throw ConfigError("medpfl list takes one name, or none for all families");
  fmt::print("{}", list_components(words.empty() ? "" : words.front()));
  return 0;
}

}  // namespace

const Job kListJob = {"list", "shows attacks, defenses, models, datasets and algorithms", help,
                      nullptr, run};

}  // namespace medpfl
