#include "campaign/attack_work.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace medpfl {

void AttackWork::add_group(std::vector<int64_t> evaluations, int64_t images) {
  Group group;
  group.tasks.resize(evaluations.size());
  group.evaluations = std::move(evaluations);
  group.images = static_cast<double>(images);
  groups_.push_back(std::move(group));
}

void AttackWork::hear(size_t group, size_t restart, double spent) {
  std::optional<double>& before = groups_[group].tasks[restart].spent;
  if (before && spent > *before) done_ += groups_[group].work() * (spent - *before);
  if (!before || spent > *before) before = spent;
}

// Which restarts go on is not known yet: the open ones get the places, in any order.
template <class Step>
void AttackWork::each_open(Step step) const {
  for (const Group& group : groups_) {
    size_t place = 0;
    for (const Task& task : group.tasks) {
      if (!task.open) continue;
      const double spent = task.spent.value_or(0) * static_cast<double>(group.evaluations.front());
      step(group, std::max(0.0, static_cast<double>(group.evaluations[place++]) - spent));
    }
  }
}

int64_t AttackWork::evaluations_left() const {
  double left = 0;
  each_open([&](const Group&, double evaluations) { left += evaluations; });
  return std::llround(left);
}

// A list of tasks that go to free workers ends after left / workers + (1 - 1 / workers) * longest
// at the latest (Graham 1966, Bounds for certain multiprocessing anomalies).
std::optional<double> AttackWork::seconds_left(double elapsed) const {
  constexpr double kEnough = 2;  // seconds, for a first pace
  double left = 0, longest = 0;
  each_open([&](const Group& group, double evaluations) {
    left += evaluations * group.images;
    longest = std::max(longest, evaluations * group.images);
  });
  if (elapsed < kEnough || done_ == 0 || left == 0) return std::nullopt;
  size_t tasks = 0;
  for (const Group& group : groups_) tasks += group.tasks.size();
  const double workers = std::min(static_cast<double>(workers_), static_cast<double>(tasks));
  const double each = done_ / elapsed / workers;  // pace of a worker
  return (left / workers + (1 - 1 / workers) * longest) / each;
}

}  // namespace medpfl
