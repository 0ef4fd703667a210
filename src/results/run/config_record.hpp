#pragma once
#include <string>
#include <vector>

namespace medpfl {

/// The configuration of a run as its result file keeps it, with the source of each value.
struct ConfigRecord {
  std::string resolved;  ///< INI
  std::vector<std::string> option, value, source;
};

}  // namespace medpfl
