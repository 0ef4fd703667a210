#pragma once
#include "attacks/attack.hpp"

namespace medpfl {

/// Returns the row of `fc-readout`: a biased dense layer that sees the image gives it away in
/// closed form.
RegistryEntry<AttackFactory> fc_readout();

}  // namespace medpfl
