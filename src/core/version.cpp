#include "core/version.hpp"

#include "git_commit.inc"

namespace medpfl {

std::string version() { return MEDPFL_VERSION; }
std::string git_commit() { return MEDPFL_GIT_COMMIT; }

}  // namespace medpfl
