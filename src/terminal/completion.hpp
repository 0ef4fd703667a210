#pragma once
#include <string>
#include <vector>

#include "core/options.hpp"

namespace medpfl {

/// What can stand behind `medpfl NAME`.
struct CompletedJob {
  std::string name;
  std::vector<OptionSpec> flags;
  bool options = false;             ///< takes the options of all sections
  std::vector<std::string> words;   ///< words besides
  std::vector<std::string> topics;  ///< words behind --help
};

/// Returns a script for bash that completes subcommands, flags, names of options, the words an
/// option or a flag may be, and files elsewhere. It starts no program.
std::string bash_completion(const std::vector<CompletedJob>& jobs);

}  // namespace medpfl
