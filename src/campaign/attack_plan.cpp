#include "campaign/attack_plan.hpp"

namespace medpfl {

const Words<Threat>& words_of(Threat) {
  static const Words<Threat> words = {{Threat::kHonestButCurious, "honest-but-curious"},
                                      {Threat::kMaliciousServer, "malicious-server"}};
  return words;
}

}  // namespace medpfl
