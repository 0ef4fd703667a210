#pragma once
#include <string>

namespace medpfl {

/// Returns what `medpfl list WORD` shows. For "" that is one line for each component of every
/// family, for the name of a family one line for each of its components, and for the name of a
/// component its paper and its options with their domains and defaults. A line is two blanks, the
/// name, at least two blanks, and the summary. Throws ConfigError with the nearest known name where
/// nothing has the name WORD.
std::string list_components(const std::string& word);

}  // namespace medpfl
