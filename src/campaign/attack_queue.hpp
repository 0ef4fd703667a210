#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "attacks/attack.hpp"
#include "campaign/attack_cases.hpp"
#include "comm/communicator.hpp"
#include "comm/task_farm.hpp"
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

/// One task: an observation, a method and a start; with its scores, computed afterwards.
struct AttackTask {
  int64_t attack_case = 0, method = 0, restart = 0;  ///< case and method by their index
  bool finished = false;
  int64_t rung = 0;     ///< of successive halving: those it has passed
  std::string state;    ///< of a task that was begun, until it is finished
  bool chosen = false;  ///< the finished restart of least matching loss
  Reconstruction result;
  std::vector<ImageScore> scores;   ///< in the order of the truth
  std::vector<OracleScore> oracle;  ///< likewise; for the record, nothing reads it
};

/// All attack tasks of a run, done and to be done: cases x methods x restarts. The same bits for
/// any number of ranks, interrupted or not, unless max_seconds is set. Tasks live on rank 0.
///
/// Under successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943) the n restarts of a case
/// and method climb rungs together: rung r ends at iteration T 2^r / n of the attack's T, and there
/// the half of greater matching loss is dropped. The last goes on to T.
class AttackQueue {
 public:
  /// All arguments outlive it. `public_mean`: float32 [C, H, W], on rank 0.
  AttackQueue(const Model& model, const AttackPlan& plan, AttackCases* cases,
              const at::Tensor& public_mean, uint64_t seed);

  /// Runs all tasks of all cases that are not finished, and scores them. False: `control` stopped
  /// them, and the states of tasks under way are kept. Collective.
  bool run(const Communicator& comm, JobControl* control);

  /// Tasks that are finished, in the order of cases, methods and restarts.
  std::vector<const AttackTask*> finished() const;
  const AttackPlan::Method& method(const AttackTask& task) const;
  const AttackCase& attack_case(const AttackTask& task) const {
    return (*cases_)[task.attack_case];
  }
  const std::string& threat() const { return plan_.threat; }
  /// What the attacker was told, in words.
  std::string knowledge(const AttackTask& task) const;

  void save(ByteWriter* out) const;
  void restore(ByteReader* in);

 private:
  // Whether its attack compares running statistics, and training never touched them.
  bool lacks_statistics(const AttackTask& task) const;
  // Once for each topic.
  void warn(const std::string& topic, const std::string& message);
  // Of what an attack lacks, and of one that came back with its start.
  void warn_before(const AttackTask& task);
  void warn_after(const AttackTask& task);
  void queue_new_cases();
  int64_t rungs() const;
  bool climb(const Communicator& comm, JobControl* control, int64_t first, int64_t end,
             int64_t rung, const std::function<void(const std::string&)>& show);
  std::string describe(const AttackTask& task) const;
  std::optional<std::string> execute(const std::string& description, int64_t rung,
                                     const std::function<bool(const AttackProgress&)>& go_on) const;
  void accept(size_t i, const std::string& message);
  void finish(size_t i);
  void drop_weak(size_t group, int64_t rung);
  void choose(size_t i);

  const Model& model_;
  const AttackPlan& plan_;
  AttackCases* cases_;
  at::Tensor public_mean_;
  uint64_t seed_;
  int64_t queued_cases_ = 0, finished_ = 0;
  std::set<std::string> warned_;
  std::vector<AttackTask> tasks_;
};

}  // namespace medpfl
