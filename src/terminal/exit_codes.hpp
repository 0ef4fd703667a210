#pragma once
#include <string>

namespace medpfl {

/// Returns one line for each exit code of the program; docs/exit_codes.md says what to do.
std::string list_exit_codes();

}  // namespace medpfl
