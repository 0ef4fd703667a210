#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "attacks/attack.hpp"
#include "comm/communicator.hpp"
#include "federation/attack_cases.hpp"
#include "metrics/reconstruction_score.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Section [attack], resolved.
struct AttackPlan {
  struct Method {
    std::string name;
    std::unique_ptr<Attack> attack;
  };
  std::vector<Method> methods;
  int64_t restarts = 1;
  bool all_ranks = false;   ///< tasks on every rank; else on rank 0
  bool each_round = false;  ///< attack after each round; else after the last
  std::string public_knowledge;  ///< what the attacker knows besides labels, for the results
};

/// One task: an observation, a method and a start; with its scores, computed afterwards.
struct AttackTask {
  std::string method;
  int64_t round = 0, client = 0, probe = -1, restart = 0;
  bool chosen = false;  ///< the restart of least matching loss
  std::string knowledge;
  Reconstruction result;
  Truth truth;
  std::vector<ImageScore> scores;  ///< in the order of the truth
};

/// Attacks all cases with all methods and restarts, and scores them. Cases, prior and the result live on
/// rank 0. Collective; the same bits for any number of ranks.
std::vector<AttackTask> run_attacks(const Communicator& comm, const Model& model,
                                    const AttackPlan& plan, const AttackCases& collected,
                                    const std::vector<AttackCase>& cases, const at::Tensor& prior,
                                    uint64_t seed);

}  // namespace medpfl
