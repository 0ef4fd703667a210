#pragma once
#include <string>

namespace medpfl {

/// Returns a line on each exit code; docs/exit_codes.md has the whole of it.
std::string list_exit_codes();

}  // namespace medpfl
