#pragma once
#include <string>
#include <vector>

namespace medpfl {

/// Where each value of the configuration came from.
struct ConfigRecord {
  std::string resolved;  ///< INI
  std::vector<std::string> option, value, source;
};

}  // namespace medpfl
