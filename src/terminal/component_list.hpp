#pragma once
#include <string>

namespace medpfl {

/// Returns what `medpfl list WORD` shows: a line a component of all families for "", of one family
/// for its name, and for the name of a component its paper and its options with domain and default.
/// A line is two blanks, the name, at least two blanks, and the summary. Throws ConfigError where
/// nothing has that name, with the nearest that has.
std::string list_components(const std::string& word);

}  // namespace medpfl
