#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "attacks/observation.hpp"
#include "attacks/reconstruction.hpp"
#include "campaign/attack_plan.hpp"
#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Everything that rank 0 tells the rank which runs an attack task.
struct TaskDescription {
  int64_t method = 0;            ///< index in AttackPlan::methods
  int64_t restart = 0;           ///< from 0
  std::optional<int64_t> pause;  ///< iteration after which the task pauses; none: it does not
  Observation observation;  ///< what the attacker sees, with weights, and labels and mean image
                            ///< where allowed
  std::string state;        ///< state at which the task paused before; empty: it is new
};

/// What the rank that ran an attack task hands back to rank 0.
struct TaskOutcome {
  std::string paused;  ///< state of a task that paused; empty: the task has ended
  Reconstruction reconstruction;
};

/// to_bytes returns a description or an outcome as bytes for a message between ranks; read_*
/// returns what such bytes hold. `layout` is that of the network's parameters.
std::string to_bytes(TaskDescription task);
TaskDescription read_description(const std::string& bytes, const ParameterLayout& layout);
std::string to_bytes(TaskOutcome outcome);
TaskOutcome read_outcome(const std::string& bytes);

/// Runs a task up to its end, its pause or the budget of the plan, whichever comes first, and
/// returns the outcome, the same bits on any rank. `seed` is that of the server. `go_on` is called
/// after each iteration; where it returns false the task is abandoned and nothing is returned.
std::optional<TaskOutcome> run_task(const Model& model, const AttackPlan& plan, uint64_t seed,
                                    const TaskDescription& task,
                                    const std::function<bool(const AttackProgress&)>& go_on);

}  // namespace medpfl
