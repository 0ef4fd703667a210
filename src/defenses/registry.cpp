#include "defenses/defense.hpp"

namespace medpfl {

// Each from the file of its name.
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

const Registry<DefenseFactory>& defenses() {
  static const Registry<DefenseFactory> table("defense", {
                                                             gaussian_defense(),
                                                             laplace_defense(),
                                                             clip_defense(),
                                                             prune_defense(),
                                                             dp_sgd_defense(),
                                                             quantize_defense(),
                                                             fed_sdp_defense(),
                                                             personalized_ldp_defense(),
                                                             soteria_defense(),
                                                             precode_defense(),
                                                             mixup_defense(),
                                                             instahide_defense(),
                                                             ats_defense(),
                                                             model_cloak_defense(),
                                                         });
  return table;
}

}  // namespace medpfl
