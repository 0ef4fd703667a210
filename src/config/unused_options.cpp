#include "config/unused_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/catalog.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "federation/algorithm.hpp"

namespace medpfl {

std::vector<std::string> unused_options(const Config& config) {
  std::vector<std::string> lines;
  const auto& entries = config.entries();
  const auto check = [&](const std::string& option, const std::string& why) {
    const Config::Entry& entry = entries.at(option);
    if (entry.source != kDefault)
      lines.push_back(
          fmt::format("{}: {}={} has no effect: {}", entry.where(), option, entry.value, why));
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
  return lines;
}

void warn_of_unused_options(const Config& config, bool strict, bool is_root) {
  const std::vector<std::string> lines = unused_options(config);
  if (strict && !lines.empty()) throw ConfigError(join(lines, "\n"));
  if (is_root)
    for (const std::string& line : lines) log_warning(line);
}

}  // namespace medpfl
