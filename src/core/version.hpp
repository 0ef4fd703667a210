#pragma once
#include <string>

namespace medpfl {

/// Returns the version of the program, as "0.1.0".
std::string version();
/// Returns the short hash of the commit, with "-dirty" where the tree was changed; or "unknown".
std::string git_commit();

}  // namespace medpfl
