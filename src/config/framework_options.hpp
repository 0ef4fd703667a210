#pragma once
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "core/option_table.hpp"

namespace medpfl {

/// A section whose options every run has, whatever components it uses.
struct FrameworkSection {
  std::string name;     ///< "federation"
  std::string summary;  ///< one line
  OptionTable<Settings> options;
};

/// Returns the sections that every run has, in the order in which they are shown. Each option is
/// declared here and nowhere else; its default is the value of its member in a fresh Settings.
const std::vector<FrameworkSection>& framework_sections();

/// Returns fresh Settings with the members that these options set. Throws ConfigError where a value
/// cannot be read; neither ranges nor what options mean together is checked.
Settings read_framework_options(const Config& config);

}  // namespace medpfl
