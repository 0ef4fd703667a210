#include "study/same_config.hpp"

#include <fmt/format.h>

#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

// Options that may differ where a run goes on, as none of them changes results.
const std::vector<std::string> kFree = {"run.output", "attack.ranks", "checkpoint.every",
                                        "checkpoint.seconds", "federation.state_memory"};

}  // namespace

ConfigRecord record_config(const Config& config) {
  ConfigRecord record;
  record.resolved = config.to_ini(false);
  for (const auto& [option, entry] : config.entries()) {
    record.option.push_back(option);
    record.value.push_back(entry.value);
    record.source.push_back(entry.source);
  }
  return record;
}

void refuse_other_config(const Config& config, const std::string& there, const std::string& where) {
  Config before;
  before.read_text(there, where);
  const std::vector<std::string> lines = config.differences(before, kFree);
  if (!lines.empty())
    throw ConfigError(
        fmt::format("{} was begun with another configuration; give the same options, or another "
                    "run.output:\n{}",
                    where, join(lines, "\n")));
}

}  // namespace medpfl
