#pragma once
#include <cstdint>
#include <vector>

#include "campaign/attack_plan.hpp"

namespace medpfl {

// What attack tasks may spend, in evaluations of their objective. Closed forms, which cost next to
// nothing, count as none.

/// Returns the evaluations that each restart of an attack on a message spends at most, the best
/// restart first: without halving they all may spend as many. A budget ends a task after the
/// iteration that reaches it, so that it may spend the rest of that iteration beyond it.
std::vector<int64_t> evaluations_of_restarts(const AttackPlan& plan, const AttackFacts& facts);

/// What the attacks of a plan do with one message.
struct AttacksOnMessage {
  int64_t methods = 0;      ///< attacks that are run on it
  int64_t evaluations = 0;  ///< that all their restarts spend at most
};

/// Returns what is run on a message of a kind; `probe` as in MessageKinds::contains.
AttacksOnMessage attacks_on(const AttackPlan& plan, int64_t probe);

/// Returns the share, in [0, 1], of what a task may spend that it has spent after so many
/// iterations and evaluations.
double share_spent(const AttackPlan& plan, const AttackFacts& facts, int64_t iterations,
                   int64_t evaluations);

}  // namespace medpfl
