#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "comm/communicator.hpp"
#include "core/job_control.hpp"

namespace medpfl {

/// A task calls this often (many times a second) with a function that gives its state; false: the
/// task must end now, without a result.
using FarmTick = std::function<bool(const std::function<std::string()>& save)>;

/// What a farm of independent tasks needs. All but `execute` are called on rank 0 only.
struct TaskFarm {
  int64_t tasks = 0;       ///< on rank 0; other ranks need not know
  bool all_ranks = false;  ///< false: rank 0 works alone, the others wait
  /// Whether task i is still to be done; default: all are.
  std::function<bool(int64_t i)> open;
  /// The message that lets any rank execute task i, from its kept state if there is one.
  std::function<std::string(int64_t i)> describe;
  /// Executes a described task and returns its result; nothing when a tick ended it.
  std::function<std::optional<std::string>(const std::string& description, const FarmTick& tick)>
      execute;
  /// Receives the result of task i; the order of calls is not fixed.
  std::function<void(int64_t i, const std::string& result)> accept;

  /// Receives the state of task i, which is under way.
  std::function<void(int64_t i, const std::string& state)> keep;
};

/// Runs all open tasks, each on whichever rank is free, one at a time. True: all are done; false:
/// `control` stopped them, and what was under way has been kept. The answer is the same on all
/// ranks. Collective.
bool run_tasks(const Communicator& comm, const TaskFarm& farm, JobControl* control);

}  // namespace medpfl
