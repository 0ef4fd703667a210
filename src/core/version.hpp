#pragma once
#include <string>

namespace medpfl {

std::string version();     ///< "0.1.0"
std::string git_commit();  ///< short hash, with "-dirty" where the tree was changed; or "unknown"

}  // namespace medpfl
