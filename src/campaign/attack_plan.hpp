#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "attacks/attack.hpp"
#include "federation/message_kinds.hpp"

namespace medpfl {

/// What the server may do: read what it receives, or change the model it sends, too.
enum class Threat { kHonestButCurious, kMaliciousServer };
const Words<Threat>& words_of(Threat);

/// What section [attack] asks for, as the campaign uses it.
struct AttackPlan {
  /// An attack under the name that the configuration gives it, and what it is run on.
  struct Method {
    std::string name;
    std::unique_ptr<Attack> attack;
    bool adapted = false;         ///< whether its options answer every defense of the chain
    std::string adaptation = {};  ///< options that follow from the chain, as "tv=0.03, grey=auto"
    MessageKinds kinds = {};
  };
  std::vector<Method> methods;
  int64_t restarts = 1;         ///< starts of each method on each case
  bool halving = false;         ///< whether weak restarts are dropped on the way
  int64_t max_evaluations = 0;  ///< most evaluations of a task; 0: any number
  double max_seconds = 0;       ///< longest wall time of a task; 0: any
  bool all_ranks = true;        ///< whether every rank runs tasks; else rank 0 alone
  Threat threat = Threat::kHonestButCurious;
  bool sums = false;             ///< whether the attacker sees only the sum of a round's updates
  bool defended = false;         ///< whether hospitals defend their messages
  bool each_round = false;       ///< whether attacks run after each round; else after the last
  std::string public_knowledge;  ///< what the attacker knows besides labels, for the results
  /// What is left out because an attack cannot work on it, such as "updates, which idlg cannot read
  /// (...)", for the results.
  std::vector<std::string> not_tested;
  MessageKinds untested = {false, false};  ///< kinds that no attack is left for
};

}  // namespace medpfl
