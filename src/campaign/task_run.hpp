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

/// All that the rank which runs an attack task is told.
struct TaskDescription {
  int64_t method = 0;  ///< index in the plan
  int64_t restart = 0;
  std::optional<int64_t> pause;  ///< iteration at which it hands in its state; none: it goes on
  Observation observation;       ///< complete
  std::string state;             ///< handed in by an earlier run of the task; empty: it is new
};

/// What the rank hands back.
struct TaskOutcome {
  std::string paused;  ///< state of a task that paused; empty: it has ended
  Reconstruction reconstruction;
};

/// The bytes of a description and of an outcome, and back. `layout`: of the network.
std::string to_bytes(TaskDescription task);
TaskDescription read_description(const std::string& bytes, const ParameterLayout& layout);
std::string to_bytes(TaskOutcome outcome);
TaskOutcome read_outcome(const std::string& bytes);

/// Runs a task up to its end, its pause or the budget of the plan, whichever is first. The same
/// bits come back on any rank. `seed`: of the server. `go_on` hears of each iteration; where it
/// returns false the task is abandoned, and nothing comes back.
std::optional<TaskOutcome> run_task(const Model& model, const AttackPlan& plan, uint64_t seed,
                                    const TaskDescription& task,
                                    const std::function<bool(const AttackProgress&)>& go_on);

}  // namespace medpfl
