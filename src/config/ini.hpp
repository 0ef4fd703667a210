#pragma once
#include <string>
#include <vector>

#include "core/violations.hpp"

namespace medpfl {

/// One line `key = value` of an INI text. Quotes of the value are still hidden (quotes.hpp), so
/// that a grid can split it first.
struct IniOption {
  std::string key;  ///< without the section
  std::string value;
  int line = 0;  ///< from 1
};

/// A section and its lines. What stands before the first [section] is in one without a name.
struct IniSection {
  std::string name;
  int line = 0;  ///< line of its header, from 1; 0 where it has none
  std::vector<IniOption> options;
};

/// Reads INI text, with or without a byte-order mark, lines ended by LF, CR LF or CR. `source`
/// names it. Lines that are not INI are noted in `wrong`, each with "source:line", and left out.
/// Sections come in the order of the text, one for each header.
std::vector<IniSection> read_ini(const std::string& text, const std::string& source,
                                 Violations* wrong);

}  // namespace medpfl
