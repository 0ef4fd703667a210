#include "terminal/option_lines.hpp"

#include <fmt/format.h>

namespace medpfl {
namespace {

bool same_options(const Section& section, const Section& before) {
  return !section.options.empty() &&
         differing_defaults(section.options, before.options).has_value();
}

}  // namespace

std::string option_lines(const std::string& section, const OptionSpec& option) {
  const std::string name = fmt::format("--{}.{}", section, option.name);
  return fmt::format("  {:<34} {}\n  {:<34} {}; default: {}\n", name, option.help, "",
                     describe_domain(option),
                     option.default_value.empty() ? "empty" : option.default_value);
}

std::string section_lines(const Section& section, const Section* before) {
  std::string out = fmt::format("[{}] {}\n", section.name, section.summary);
  if (before != nullptr && same_options(section, *before)) {
    const std::string defaults = *differing_defaults(section.options, before->options);
    return out + fmt::format("  the options of [{}]; defaults: {}\n", before->name,
                             defaults.empty() ? "the same" : defaults);
  }
  for (const OptionSpec& option : section.options) out += option_lines(section.name, option);
  return out;
}

std::string all_section_lines() {
  std::string out;
  const Section* before = nullptr;
  for (const Section& section : config_sections()) {
    out += (out.empty() ? "" : "\n") + section_lines(section, before);
    if (before == nullptr || !same_options(section, *before)) before = &section;
  }
  return out;
}

}  // namespace medpfl
