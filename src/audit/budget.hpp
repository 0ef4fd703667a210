#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "audit/plan.hpp"

namespace medpfl {

/// How many evaluations of its objective an attack may spend on a message, by kind of message.
struct Budget {
  int64_t of_update = 0, of_probe = 0;

  int64_t of(const Stage& stage) const { return stage.probes ? of_probe : of_update; }
};

/// The images of messages, as far as the cost of an attack depends on them.
struct MessageSizes {
  int64_t clients = 0;         ///< hospitals
  int64_t shard = 0;           ///< images of the largest one, all behind an update
  int64_t probe = 1;           ///< images of a probe
  int64_t training_steps = 0;  ///< local steps of all hospitals in all rounds
  int64_t step = 1;            ///< images of a local step
};

/// Returns the seconds that an evaluation of an attack takes on this machine, measured on a made up
/// message of `images` images by `steps` local steps.
double seconds_per_evaluation(const Config& config, int64_t classes, int64_t images, int64_t steps,
                              int64_t step);

/// What an audit costs on this machine, in seconds of one process.
struct AuditCost {
  double training = 0;
  int64_t clients = 1;  ///< hospitals, whose training goes to as many ranks at most
  /// What all attacks on updates, or on probes, cost for each evaluation that every one of them may
  /// spend on a message; nothing where there are none.
  std::optional<double> of_updates, of_probes;
};

/// Returns the cost of an audit: the evaluations of every candidate are measured on this process.
AuditCost measure_cost(const AuditPlan& plan, const MessageSizes& sizes, int64_t classes);

/// Returns the budget with which an audit takes about so many minutes on `ranks` ranks. Half of
/// what training leaves goes to updates and half to probes, where there are both. At least
/// kFewestEvaluations each; where that takes longer, a warning says so.
Budget budget_for(const AuditCost& cost, double minutes, int ranks);

/// Returns about how many minutes an audit with a budget takes on `ranks` ranks.
double minutes_for(const AuditCost& cost, const Budget& budget, int ranks);

/// With fewer evaluations no attack that searches can succeed.
inline constexpr int64_t kFewestEvaluations = 50;
/// What more evaluations add to an attack here is little.
inline constexpr int64_t kMostEvaluations = 8000;

}  // namespace medpfl
