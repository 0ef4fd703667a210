#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "comm/communicator.hpp"
#include "core/job_control.hpp"

namespace medpfl {

/// A task calls its tick often (many times a second) with a function that returns the task's state.
/// Where the tick returns false the task must end now, without a result.
using FarmTick = std::function<bool(const std::function<std::string()>& save)>;

/// The functions of a farm of independent tasks. All but `execute` and `progress` are called on
/// rank 0 only.
struct TaskFarm {
  int64_t tasks = 0;       ///< number of tasks; needed on rank 0 only
  bool all_ranks = false;  ///< whether all ranks execute tasks, or rank 0 alone
  /// Whether task i is still to be done; empty: all tasks are.
  std::function<bool(int64_t i)> open;
  /// Returns the message from which any rank can execute task i, from its kept state if there is
  /// one.
  std::function<std::string(int64_t i)> describe;
  /// Executes a described task and returns its result, or nothing where a tick ended it.
  std::function<std::optional<std::string>(const std::string& description, const FarmTick& tick)>
      execute;
  /// Receives the result of task i; the order of calls is not fixed.
  std::function<void(int64_t i, const std::string& result)> accept;

  /// Receives the state of task i, which is under way.
  std::function<void(int64_t i, const std::string& state)> keep;
  /// Returns how far the task that this rank executes has come, in any unit.
  std::function<double()> progress;
  /// Receives now and then how far task i has come; empty: ranks do not tell.
  std::function<void(int64_t i, double progress)> hear;
  /// Time between what one rank tells: thousands of ranks must not keep rank 0 busy.
  std::chrono::milliseconds pause{2000};
};

/// Runs all open tasks, one at a time on each rank that is free. Returns true where all are done,
/// false where `control` stopped them and the states of tasks under way have been kept; the same on
/// all ranks. Where `execute` throws on some rank, the others end their tasks without a result and
/// all ranks throw AgreedError with that message. Collective.
bool run_tasks(const Communicator& comm, const TaskFarm& farm, JobControl* control);

}  // namespace medpfl
