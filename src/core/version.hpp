#pragma once
#include <string>

namespace medpfl {

/// Returns the version of the program, as "0.1.0".
std::string version();
/// Returns the short hash of the commit, with "-dirty" where the tree was changed; or "unknown".
std::string git_commit();
/// Returns the version of LibTorch that the program was built with, as "1.13.0".
std::string torch_version();

}  // namespace medpfl
