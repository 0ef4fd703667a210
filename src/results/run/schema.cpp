#include "results/run/schema.hpp"

#include <torch/csrc/api/include/torch/version.h>

namespace medpfl {

std::string torch_version() { return TORCH_VERSION; }

}  // namespace medpfl
