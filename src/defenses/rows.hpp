#pragma once
#include "defenses/defense.hpp"

namespace medpfl {

// The rows of defenses(), each from the file of its name.
RegistryEntry<DefenseFactory> gaussian_defense();
RegistryEntry<DefenseFactory> laplace_defense();
RegistryEntry<DefenseFactory> clip_defense();
RegistryEntry<DefenseFactory> prune_defense();
RegistryEntry<DefenseFactory> dp_sgd_defense();
RegistryEntry<DefenseFactory> quantize_defense();
RegistryEntry<DefenseFactory> fed_sdp_defense();
RegistryEntry<DefenseFactory> personalized_ldp_defense();
RegistryEntry<DefenseFactory> soteria_defense();
RegistryEntry<DefenseFactory> precode_defense();
RegistryEntry<DefenseFactory> mixup_defense();      // mixing.cpp
RegistryEntry<DefenseFactory> instahide_defense();  // mixing.cpp
RegistryEntry<DefenseFactory> ats_defense();
RegistryEntry<DefenseFactory> model_cloak_defense();  // fed_sdp.cpp

}  // namespace medpfl
