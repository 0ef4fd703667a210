#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "attacks/attack.hpp"

namespace medpfl {

/// Section [attack], resolved.
struct AttackPlan {
  struct Method {
    std::string name;
    std::unique_ptr<Attack> attack;
  };
  std::vector<Method> methods;
  std::string engine = "auto";  ///< the word of attack.engine that the methods were made with
  int64_t restarts = 1;
  bool halving = false;                       ///< weak restarts are dropped on the way
  int64_t max_evaluations = 0;                ///< of a task, 0: any
  double max_seconds = 0;                     ///< of a task, 0: any
  bool all_ranks = true;                      ///< tasks on every rank; else on rank 0
  std::string threat = "honest-but-curious";  ///< or malicious-server
  bool sums = false;             ///< only the sum of a round's updates is seen, else each message
  bool each_round = false;       ///< attack after each round; else after the last
  std::string public_knowledge;  ///< what the attacker knows besides labels, for the results
};

}  // namespace medpfl
