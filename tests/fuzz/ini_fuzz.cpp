#include <algorithm>
#include <cstdlib>

#include "config/config.hpp"
#include "config/ini.hpp"
#include "fuzz.hpp"

namespace medpfl {
namespace {

// To look up what an unknown option may mean takes most of the time, and tries nothing new.
bool knows(const Config& config, const IniSection& section) {
  return std::all_of(section.options.begin(), section.options.end(), [&](const IniOption& option) {
    return config.entries().count(section.name + "." + option.key) > 0;
  });
}

void read(const std::string& text) {
  static const Config defaults;
  Violations wrong;
  for (const IniSection& section : read_ini(text, "a.ini", &wrong))
    if (!knows(defaults, section)) return;
  Config config = defaults;
  config.read_text(text, "a.ini");
  config.violations();
  // What was read can be written and read again.
  Config again = defaults;
  again.read_text(config.set_options(), "again.ini");
  if (!again.differences(config, {}).empty()) std::abort();
}

}  // namespace
}  // namespace medpfl

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t n) {
  return medpfl::fuzz(data, n, [](std::string_view bytes) { medpfl::read(std::string(bytes)); });
}
