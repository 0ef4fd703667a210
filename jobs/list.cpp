// medpfl list: what exists, with each one's options and source paper.
#include <fmt/format.h>

#include <cstdio>

#include "attacks/attack.hpp"
#include "data/dataset.hpp"
#include "defenses/defense.hpp"
#include "federation/algorithm.hpp"
#include "job.hpp"
#include "models/model.hpp"

namespace medpfl {
namespace {

template <class Factory>
std::string show(const Registry<Factory>& registry, const std::string& section) {
  std::string out;
  const RegistryEntry<Factory>* before = nullptr;
  for (const auto& entry : registry.entries()) {
    out += fmt::format("  {:<20} {}\n", entry.name, entry.summary);
    if (!entry.paper.empty()) out += fmt::format("  {:<20} {}\n", "", entry.paper);
    // Rows of one kind, as the presets of attacks, differ in their defaults alone.
    if (const auto changed =
            before == nullptr ? std::nullopt : differing_defaults(entry.options, before->options);
        changed && !entry.options.empty()) {
      out += fmt::format("  {:<20}   as {}, but {}\n", "", before->name, *changed);
      continue;
    }
    before = &entry;
    for (const OptionSpec& option : entry.options)
      out += fmt::format("  {:<20}   {}.{}.{}={}  {} ({})\n", "", section, entry.name, option.name,
                         option.default_value, option.help, describe_domain(option));
  }
  return out;
}

struct Family {
  const char* name;
  std::string (*show)();
};

const Family kFamilies[] = {
    {"attacks", [] { return show(attacks(), "attack"); }},
    {"defenses", [] { return show(defenses(), "defense"); }},
    {"models", [] { return show(models(), "model"); }},
    {"datasets", [] { return show(datasets(), "data"); }},
    {"algorithms", [] { return show(algorithms(), "federation"); }},
};

std::string help() {
  return "usage: medpfl list [attacks|defenses|models|datasets|algorithms]\n\n"
         "Shows what exists, with each one's options, defaults and source paper.\n";
}

int run(const JobArguments& arguments) {
  if (arguments.line.words.size() > 1)
    throw ConfigError("medpfl list takes one family, or none for all");
  std::vector<std::string> names;
  bool found = arguments.line.words.empty();
  for (const Family& family : kFamilies) {
    names.emplace_back(family.name);
    if (!arguments.line.words.empty() && arguments.line.words[0] != family.name) continue;
    found = true;
    fmt::print("{}\n{}\n", family.name, family.show());
  }
  if (!found) {
    const std::string guess = nearest(arguments.line.words[0], names);
    throw ConfigError(fmt::format("unknown family '{}'{}; families: {}", arguments.line.words[0],
                                  guess.empty() ? "" : " (did you mean " + guess + "?)",
                                  join(names)));
  }
  return 0;
}

}  // namespace

const Job kListJob = {"list", "shows attacks, defenses, models, datasets and algorithms", help,
                      nullptr, run};

}  // namespace medpfl
