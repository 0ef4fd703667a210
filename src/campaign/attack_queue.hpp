#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "campaign/attack_cases.hpp"
#include "campaign/attack_plan.hpp"
#include "campaign/attack_task.hpp"
#include "campaign/attack_warnings.hpp"
#include "campaign/attack_work.hpp"
#include "campaign/task_run.hpp"
#include "comm/communicator.hpp"
#include "comm/task_farm.hpp"
#include "models/model.hpp"

namespace medpfl {

/// All attack tasks of a run, finished or not: each case x the methods that are run on messages of
/// its kind x restarts. Results have the same
/// bits on any number of ranks, interrupted or not, unless max_seconds is set. Tasks live on rank
/// 0. The restarts of one case and method are a group; halving drops the weak of a group on the
/// way.
class AttackQueue {
 public:
  /// All arguments must outlive the queue. `public_mean`: float32 [C, H, W], on rank 0.
  AttackQueue(const Model& model, const AttackPlan& plan, AttackCases* cases,
              const at::Tensor& public_mean, uint64_t seed);

  /// Runs and scores all tasks that are not finished. Returns false where `control` stopped them;
  /// the states of tasks under way are kept then. Collective.
  bool run(const Communicator& comm, JobControl* control);

  /// Returns the finished tasks, in the order of cases, methods and restarts.
  std::vector<const AttackTask*> finished() const;
  const AttackPlan::Method& method(const AttackTask& task) const;
  const AttackCase& attack_case(const AttackTask& task) const {
    return (*cases_)[task.attack_case];
  }
  Threat threat() const { return plan_.threat; }
  /// Whether hospitals defend their messages.
  bool defended() const { return plan_.defended; }
  /// Returns what the plan leaves out, in words.
  const std::vector<std::string>& not_tested() const { return plan_.not_tested; }
  const MessageKinds& untested() const { return plan_.untested; }
  /// Returns in words what the attacker was told for a task.
  std::string knowledge(const AttackTask& task) const;

  /// Writes or reads all tasks, on rank 0. The cases must have been read before. Throws FormatError
  /// where the tasks are of other cases, methods or restarts.
  void keep(Archive& a);

 private:
  // Shows where the task in hand is, in few words, and which one it is.
  using Show = std::function<void(const std::string& detail, const std::string& task)>;

  // Finds what the open tasks may spend.
  AttackWork work_of_open(int64_t workers) const;
  // Adds the tasks of the cases before `end` that have none.
  void queue_cases(int64_t end);
  void take_over(Archive& a);
  int64_t rungs() const;
  // Runs tasks [first, end) up to the end of a rung; returns false where `control` stopped them.
  bool climb(const Communicator& comm, JobControl* control, int64_t first, int64_t end,
             int64_t rung, const Show& show);
  // Notes how far a task has come, a share of what it may spend.
  void hear(size_t i, double spent);
  TaskDescription describe(const AttackTask& task, int64_t rung) const;
  void accept(size_t i, TaskOutcome outcome);
  void finish(size_t i);
  // Returns the standings of the group whose first task is `first`.
  std::vector<Standing> standings(size_t first) const;
  void drop_weak(size_t first, int64_t rung);
  void choose(size_t first);
  // Notes the best image of a task that has ended; for those who watch, nothing is chosen by it.
  void note_best(const AttackTask& task);
  // Frees the observation of a case that no task needs any more.
  void release_done(int64_t attack_case);
  void warn(const std::vector<AttackWarning>& warnings);

  const Model& model_;
  const AttackPlan& plan_;
  AttackCases* cases_;
  at::Tensor public_mean_;
  uint64_t seed_;
  int64_t queued_cases_ = 0, finished_ = 0;
  std::set<std::string> warned_;
  std::vector<AttackTask> tasks_;
  double best_psnr_ = -std::numeric_limits<double>::infinity();
  std::string best_;    // words on the image of best_psnr_; "" before there is one
  AttackWork work_{1};  // of the call of run() that is under way, on rank 0
};

}  // namespace medpfl
