#pragma once
#include <string>
#include <vector>

#include "core/options.hpp"

namespace medpfl {

/// The parts of a subcommand's help.
struct JobHelp {
  std::string usage;                  ///< "medpfl list [NAME]"
  std::string about;                  ///< what it does, in sentences
  std::vector<std::string> examples;  ///< commands
  /// Options of sections that a newcomer needs first, such as "run.output"; empty where the
  /// subcommand takes none.
  std::vector<std::string> used;
  std::string more;                ///< what is to be known of its flags, in sentences; "": nothing
  std::vector<std::string> words;  ///< words it takes that are neither options nor flags
};

/// Returns what `--help TOPIC` shows: for "" a first screen of at most 24 lines of 100 characters,
/// for "flags" every flag, for a section or a component ("federation", "attack.dlg", "dlg") its
/// options, and for "all" everything. Throws ConfigError with the nearest topic for another word.
std::string help_page(const JobHelp& help, const std::vector<OptionSpec>& flags,
                      const std::string& topic);

/// Returns the topics that `--help` takes.
std::vector<std::string> help_topics(const JobHelp& help);

}  // namespace medpfl
