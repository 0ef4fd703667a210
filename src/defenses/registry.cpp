#include "defenses/defense.hpp"
#include "defenses/rows.hpp"

namespace medpfl {

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
