#pragma once
#include <string>
#include <vector>

#include "config/config.hpp"

namespace medpfl {

/// Returns a line for each option that a command line or a file sets and that can have no effect:
/// that of a component which is not in use, and passes over a shard where hospitals send gradients
/// of one step. To be asked before attacks are adapted.
std::vector<std::string> unused_options(const Config& config);

/// Warns of what unused_options() returns on rank 0; where `strict`, throws ConfigError instead.
void warn_of_unused_options(const Config& config, bool strict, bool is_root);

}  // namespace medpfl
