#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace medpfl {

/// What open attack tasks have spent and may still spend, and how long that takes at most. The
/// tasks of a group are restarts of one attack on one message. Work is counted in evaluations, each
/// weighed by the images behind its message, since so its cost grows.
class AttackWork {
 public:
  /// `workers`: ranks that work on tasks.
  explicit AttackWork(int64_t workers) : workers_(workers) {}

  /// Adds a group. `evaluations`: of each restart at most, the best restart first; `images`: behind
  /// the message.
  void add_group(std::vector<int64_t> evaluations, int64_t images);
  /// Notes that a task had begun before: how far is not known until it is heard of.
  void resume(size_t group, size_t restart) { groups_[group].tasks[restart].spent.reset(); }
  /// Notes how far a task has come, as a share of what the best restart may spend.
  void hear(size_t group, size_t restart, double spent);
  /// Notes that a task has ended.
  void close(size_t group, size_t restart) { groups_[group].tasks[restart].open = false; }

  /// Returns the evaluations that open tasks may still spend.
  int64_t evaluations_left() const;
  /// Returns the seconds that they take at most, by the pace of the `elapsed` seconds so far.
  /// Nothing where little was done, and where nothing is left to spend.
  std::optional<double> seconds_left(double elapsed) const;

 private:
  struct Task {
    bool open = true;
    std::optional<double> spent = 0;
  };
  struct Group {
    std::vector<int64_t> evaluations;
    double images = 0;
    std::vector<Task> tasks;
    double work() const { return static_cast<double>(evaluations.front()) * images; }
  };
  // Calls step(group, evaluations left) for each open task.
  template <class Step>
  void each_open(Step step) const;

  int64_t workers_;
  double done_ = 0;
  std::vector<Group> groups_;
};

}  // namespace medpfl
