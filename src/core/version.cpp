#include "core/version.hpp"

#include <torch/csrc/api/include/torch/version.h>

#include "git_commit.inc"

namespace medpfl {

std::string version() { return MEDPFL_VERSION; }
std::string git_commit() { return MEDPFL_GIT_COMMIT; }
std::string torch_version() { return TORCH_VERSION; }

}  // namespace medpfl
