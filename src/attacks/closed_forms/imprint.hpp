#pragma once
#include "attacks/attack.hpp"

namespace medpfl {

/// Returns the row of `imprint`: images read from the block that a malicious server put before the
/// network.
RegistryEntry<AttackFactory> imprint();

}  // namespace medpfl
