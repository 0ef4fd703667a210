#include "config/unused_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/catalog.hpp"
#include "core/log.hpp"
#include "core/violations.hpp"
#include "federation/algorithm.hpp"

namespace medpfl {

std::vector<UnusedOption> unused_options(const Config& config) {
  std::vector<UnusedOption> unused;
  const auto& entries = config.entries();
  const auto check = [&](const std::string& option, const std::string& why) {
    const Config::Entry& entry = entries.at(option);
    if (entry.source != kDefault)
      unused.push_back({option, fmt::format("{}: {}={} has no effect: {}", entry.where(), option,
                                            entry.value, why)});
  };
  for (const ComponentFamily& family : component_families()) {
    const std::vector<std::string> used = in_use(family, config);
    for (const Component& component : family.components) {
      if (std::find(used.begin(), used.end(), component.name) != used.end()) continue;
      for (const OptionSpec& option : component.options)
        check(family.section + "." + component.name + "." + option.name,
              fmt::format("{} is '{}'", family.chosen_by, entries.at(family.chosen_by).value));
    }
  }
  const std::string algorithm = config.section("federation").text("algorithm");
  if (algorithms().find(algorithm).create.sends_gradients)
    check("federation.local_epochs",
          fmt::format("hospitals of {} send the gradient of one step", algorithm));
  return unused;
}

std::vector<UnusedOption> newly_unused(const Config& config, const Config& recorded) {
  std::vector<UnusedOption> unused;
  for (UnusedOption& one : unused_options(config))
    if (config.entries().at(one.option).where() != recorded.entries().at(one.option).where())
      unused.push_back(std::move(one));
  return unused;
}

void warn_of_unused(const std::vector<UnusedOption>& unused, bool strict, bool is_root) {
  Violations wrong;
  for (const UnusedOption& option : unused) {
    if (strict) wrong.check(false, option.line);
    if (!strict && is_root) log_warning(option.line);
  }
  wrong.throw_if_any();
}

}  // namespace medpfl
