#pragma once
#include <string>
#include <vector>

#include "config/config.hpp"

namespace medpfl {

/// An option that a command line or a file sets and that can have no effect.
struct UnusedOption {
  std::string option;
  std::string line;  ///< says so, where it is set, and why
};

/// Returns the options that can have no effect: those of components that are not in use, and passes
/// over a shard where hospitals send gradients of one step. To be asked before attacks are adapted.
std::vector<UnusedOption> unused_options(const Config& config);

/// Returns those that are not set where a recorded configuration had them set already.
std::vector<UnusedOption> newly_unused(const Config& config, const Config& recorded);

/// Warns on rank 0 of options without effect; where `strict`, throws ConfigError instead.
void warn_of_unused(const std::vector<UnusedOption>& unused, bool strict, bool is_root);

}  // namespace medpfl
