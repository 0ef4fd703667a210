#pragma once
#include <string>

#include "config/schema.hpp"

namespace medpfl {

/// Returns two lines on an option: its name as the command line has it with its help, then what it
/// may be and its default.
std::string option_lines(const std::string& section, const OptionSpec& option);

/// Returns the heading of a section and the lines of its options. Where these are the options of
/// `before` (null: none) with other defaults, as presets of attacks are, only the defaults are
/// told.
std::string section_lines(const Section& section, const Section* before = nullptr);

/// Returns the lines of all sections of a configuration.
std::string all_section_lines();

}  // namespace medpfl
