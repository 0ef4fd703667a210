#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "comm/communicator.hpp"

namespace medpfl {

/// What a farm of independent tasks needs; all but `execute` are called on rank 0 only.
struct TaskFarm {
  int64_t tasks = 0;       ///< on rank 0; other ranks need not know
  bool all_ranks = false;  ///< false: rank 0 works alone
  /// The message that lets any rank execute task i.
  std::function<std::string(int64_t i)> describe;
  /// Executes a described task and returns its result. Calls `tick` often (many times a second), so
  /// that rank 0 hands out tasks while it works on one itself.
  std::function<std::string(const std::string& description, const std::function<void()>& tick)> execute;
  /// Receives the result of task i; the order of calls is not fixed.
  std::function<void(int64_t i, const std::string& result)> accept;
};

/// Runs all tasks, each on whichever rank is free, one at a time. Collective.
void run_tasks(const Communicator& comm, const TaskFarm& farm);

}  // namespace medpfl
