#pragma once
#include <string>
#include <vector>

#include "core/options.hpp"

namespace medpfl {

/// One INI section: its own options, in the order they are shown.
struct Section {
  std::string name;     ///< "federation", "attack.idlg"
  std::string summary;  ///< one line
  std::vector<OptionSpec> options;
};

/// Returns all sections of a run's configuration: those of the framework, then one for each
/// component, with the options the component declares.
const std::vector<Section>& config_sections();

}  // namespace medpfl
