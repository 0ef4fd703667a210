#pragma once
#include <string>
#include <vector>

#include "core/options.hpp"

namespace medpfl {

/// A component as the table of its family describes it.
struct Component {
  std::string name;                 ///< "idlg"
  std::string summary;              ///< one line
  std::string paper;                ///< citation, "" where there is none
  std::vector<OptionSpec> options;  ///< of its own section
};

/// A kind of component, such as attacks or models, with all components of that kind.
struct ComponentFamily {
  std::string name;       ///< "attacks", as `medpfl list` takes it
  std::string section;    ///< "attack": a component's options are in [attack.NAME]
  std::string chosen_by;  ///< "attack.method": the option that names those in use
  std::vector<Component> components;
};

class Config;
/// Returns the names of the components of a family that a configuration uses.
std::vector<std::string> in_use(const ComponentFamily& family, const Config& config);

/// Returns all families, in the order of their sections in a configuration.
const std::vector<ComponentFamily>& component_families();

}  // namespace medpfl
