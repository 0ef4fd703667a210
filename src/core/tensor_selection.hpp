#pragma once
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"

namespace medpfl {

/// Returns for each parameter tensor of a layout whether `patterns` (names, shell patterns, or the
/// word all) select it. Throws ConfigError that names `option` for a pattern without a match.
std::vector<bool> match_tensors(const ParameterLayout& layout,
                                const std::vector<std::string>& patterns,
                                const std::string& option);

}  // namespace medpfl
