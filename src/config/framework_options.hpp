#pragma once
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "core/option_table.hpp"

namespace medpfl {

/// A section of options that hold whatever components a run uses.
struct FrameworkSection {
  std::string name;     ///< "federation"
  std::string summary;  ///< one line
  OptionTable<Settings> options;
};

/// Returns these sections in the order they are shown. Each option stands here once; its default is
/// what the member holds in fresh Settings.
const std::vector<FrameworkSection>& framework_sections();

}  // namespace medpfl
