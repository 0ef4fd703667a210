#pragma once
#include <string>
#include <vector>

#include "core/options.hpp"

namespace medpfl {

/// A subcommand, and what a shell completes behind `medpfl NAME`.
struct CompletedJob {
  std::string name;  ///< of the subcommand
  std::vector<OptionSpec> flags;
  bool options = false;             ///< whether it takes the options of all sections
  std::vector<std::string> words;   ///< words it takes that are neither options nor flags
  std::vector<std::string> topics;  ///< words that its --help takes
};

/// Returns a script for bash that completes subcommands, flags, names of options, the words an
/// option or a flag may be, and files elsewhere. It starts no program.
std::string bash_completion(const std::vector<CompletedJob>& jobs);

}  // namespace medpfl
