#pragma once
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"

namespace medpfl {

/// Which parameter tensors of a layout are named by `patterns` (names, shell patterns, or the word
/// all): one flag a tensor. Throws ConfigError that names `option` for a pattern without a match.
std::vector<bool> match_tensors(const ParameterLayout& layout,
                                const std::vector<std::string>& patterns,
                                const std::string& option);

}  // namespace medpfl
