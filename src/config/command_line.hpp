#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/options.hpp"

namespace medpfl {

/// The words of a command line, sorted into options, flags and others. Values are without their
/// quotes (quotes.hpp).
struct CommandLine {
  using Given = std::vector<std::pair<std::string, std::string>>;  ///< name and value, in order
  Given options;                   ///< "federation.rounds"; the option may be unknown
  Given flags;                     ///< "config"; "resume", which takes no value, has "true"
  std::vector<std::string> words;  ///< words that are neither options nor flags
};

/// Takes apart words such as `--run.seed=3`, `--run.seed 3`, `--resume` and `comm`. `flags` are
/// those known, of kind kFlag where they take no value. Throws ConfigError with all mistakes, one a
/// line: values that are missing or not wanted, flags given twice, unknown flags with the nearest
/// known name. Unknown options of sections alone are left to Config::read.
CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const std::vector<OptionSpec>& flags);

/// Returns "unknown option 'NAME'", with the nearest of the options known and of `flags`.
std::string describe_unknown(const std::string& name, const std::vector<OptionSpec>& flags = {});

}  // namespace medpfl
