#pragma once
#include <string>
#include <utility>
#include <vector>

#include "attacks/attack.hpp"

namespace medpfl {

/// Returns a row of the attacks' table: gradient matching whose parts are those of
/// matching_options(), with these defaults instead. A user may override any part in [attack.NAME].
RegistryEntry<AttackFactory> matching_preset(
    std::string name, std::string summary, std::string paper,
    const std::vector<std::pair<std::string, std::string>>& parts);

}  // namespace medpfl
