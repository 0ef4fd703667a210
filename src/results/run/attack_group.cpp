#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "metrics/leak_summary.hpp"
#include "results/run/attack_arrays.hpp"
#include "results/run/attack_rows.hpp"
#include "results/run/attack_tables.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/run_record.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

// Gives each distinct image a number: one that is attacked in two rounds is one image.
class ImageNumbers {
 public:
  int64_t number(const ImageRow& row) {
    const at::Tensor image = row.truth->images[row.index].contiguous();
    std::string bytes(static_cast<const char*>(image.data_ptr()), image.nbytes());
    return numbers_.emplace(std::move(bytes), static_cast<int64_t>(numbers_.size())).first->second;
  }

 private:
  std::unordered_map<std::string, int64_t> numbers_;
};

// The key of a row of /attacks/summary: method, kind and round.
using LeakKey = std::tuple<std::string, std::string, int64_t>;

// Collects what was chosen for each row, once for its round and once for all rounds.
class Leaks {
 public:
  void add_task(const TaskRow& row) {
    const Reconstruction& r = row.task->result;
    each(row.method, row, [&](Group* group) {
      group->tasks.push_back({r.objective, r.matching_loss, r.iterations, r.evaluations, r.seconds,
                              r.status == "diverged", row.of->gradient_norm < kVanishedNorm});
    });
  }
  void add_image(const TaskRow& task, const ImageRow& row) {
    add(task.method, task, row, *row.score, row.label_found);
    // Each image once, however many attacks there are on it.
    if (task.method == first_method(task))
      add(kWithoutAttack, task, row, task.of->without_attack[static_cast<size_t>(row.index)],
          false);
  }
  std::vector<LeakRow> rows() const {
    std::vector<LeakRow> out;
    for (const auto& [key, group] : groups_) {
      LeakSummary leak = summarize_leak(group.images, group.tasks);
      if (std::get<0>(key) == kWithoutAttack) leak.label_accuracy = std::nan("");
      out.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), leak});
    }
    return out;
  }

 private:
  struct Group {
    std::vector<ChosenImage> images;
    std::vector<ChosenTask> tasks;
  };

  template <class Add>
  void each(const std::string& method, const TaskRow& row, const Add& add) {
    for (const int64_t round : {kAllRounds, row.of->observation.round})
      add(&groups_[{method, row.kind(), round}]);
  }
  void add(const std::string& method, const TaskRow& task, const ImageRow& row,
           const ImageScore& score, bool label_found) {
    each(method, task, [&](Group* group) {
      group->images.push_back({score, label_found, images_.number(row), row.cluster});
    });
  }
  const std::string& first_method(const TaskRow& task) {
    return first_.emplace(task.of, task.method).first->second;
  }

  ImageNumbers images_;
  std::map<const AttackCase*, std::string> first_;  // method by which a message was scored first
  std::map<LeakKey, Group> groups_;
};

// What the attacker chose, and what the mean public image scores on the same images.
std::vector<LeakRow> leaks_of(const std::vector<TaskRow>& tasks,
                              const std::vector<ImageRow>& rows) {
  Leaks leaks;
  for (const TaskRow& row : tasks)
    if (row.task->chosen) leaks.add_task(row);
  for (const ImageRow& row : rows) {
    const TaskRow& task = tasks[static_cast<size_t>(row.task)];
    if (task.task->chosen) leaks.add_image(task, row);
  }
  return leaks.rows();
}

}  // namespace

void write_attack_group(h5::File* file, const RunRecord& record) {
  if (record.attacks == nullptr) return;
  const std::vector<TaskRow> tasks = task_rows(*record.attacks);
  if (tasks.empty()) return;
  const std::vector<ImageRow> rows = image_rows(tasks, record.hospitals_alike);
  write_task_table(file, tasks, record);
  write_image_table(file, rows, *record.model);
  write_leaks(file, leaks_of(tasks, rows));
  write_pixels(file, rows, record);
  write_trace(file, tasks);
}

}  // namespace medpfl
