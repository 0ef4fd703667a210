#pragma once
#include <string>
#include <vector>

#include "job.hpp"

namespace medpfl {

/// Reads the words behind `medpfl JOB` and returns what they mean. Throws ConfigError with all
/// mistakes, one a line: unknown flags with the nearest known name, values that are missing, flags
/// of another job, and
/// --resume with --overwrite.
JobArguments parse_arguments(const std::string& job, const std::vector<std::string>& words);

/// Returns the flags that a subcommand takes.
std::vector<OptionSpec> flags_of(const std::string& job);

/// Sets an option to the value of the flag that stands for it, as one of the command line; ""
/// leaves it. Throws ConfigError where the command line gives the option, too.
void set_by_flag(const std::string& option, const std::string& value, Config* config);

/// Sets the options that --evaluations stands for, where it is given. Throws ConfigError as
/// set_by_flag() does.
void take_evaluations(const JobArguments& arguments, Config* config);

}  // namespace medpfl
