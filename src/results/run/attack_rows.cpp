#include "results/run/attack_rows.hpp"

#include <set>

namespace medpfl {
namespace {

// Which true classes are among those inferred for the batch, each inferred one used once: right
// labels of matched images first, so that a lost image does not cost a right label.
std::vector<bool> labels_found(const Truth& truth, const AttackTask& task) {
  std::multiset<int64_t> left(task.result.labels.begin(), task.result.labels.end());
  std::vector<bool> found(task.scores.size(), false);
  for (const bool matched : {true, false})
    for (size_t i = 0; i < found.size(); ++i) {
      const int64_t label = truth.labels[i];
      const auto reconstruction = static_cast<size_t>(task.scores[i].reconstruction);
      if (found[i] || (matched && task.result.labels[reconstruction] != label)) continue;
      const auto one = left.find(label);
      if (one == left.end()) continue;
      left.erase(one);
      found[i] = true;
    }
  return found;
}

}  // namespace

std::string TaskRow::kind() const {
  const Observation& o = of->observation;
  return o.client == Observation::kSum ? "sum" : o.probe < 0 ? "update" : "probe";
}

std::vector<TaskRow> task_rows(const AttackQueue& queue) {
  std::vector<TaskRow> rows;
  for (const AttackTask* task : queue.finished()) {
    const AttackPlan::Method& method = queue.method(*task);
    rows.push_back({task, &queue.attack_case(*task), method.name, queue.knowledge(*task),
                    method.attack->facts().labels == LabelRule::kKnown, method.adapted});
  }
  return rows;
}

std::vector<ImageRow> image_rows(const std::vector<TaskRow>& tasks, bool hospitals_alike) {
  std::vector<ImageRow> rows;
  for (size_t t = 0; t < tasks.size(); ++t) {
    const AttackTask& task = *tasks[t].task;
    const std::vector<bool> found = labels_found(tasks[t].of->truth, task);
    const int64_t cluster = hospitals_alike ? task.attack_case : tasks[t].of->observation.client;
    for (size_t i = 0; i < task.scores.size(); ++i)
      rows.push_back({static_cast<int64_t>(t), static_cast<int64_t>(i), cluster,
                      &tasks[t].of->truth, &task.result, &task.scores[i], &task.oracle[i], found[i],
                      tasks[t].of->without_attack.near_duplicates[i]});
  }
  return rows;
}

}  // namespace medpfl
