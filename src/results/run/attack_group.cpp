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

// What the attacker chose, by method, kind and round, and of all rounds as kAllRounds.
std::vector<LeakRow> leaks_of(const std::vector<TaskRow>& tasks, const std::vector<ImageRow>& rows,
                              bool hospitals_alike) {
  std::map<std::tuple<std::string, std::string, int64_t>,
           std::pair<std::vector<ChosenImage>, std::vector<ChosenTask>>>
      groups;
  const auto each = [&](const TaskRow& row, const auto& add) {
    for (const int64_t round : {kAllRounds, row.of->observation.round})
      if (row.task->chosen) add(&groups[{row.method, row.kind(), round}]);
  };
  for (const TaskRow& row : tasks) {
    const Reconstruction& r = row.task->result;
    each(row, [&](auto* group) {
      group->second.push_back({r.objective, r.matching_loss, r.iterations, r.evaluations, r.seconds,
                               r.status == "diverged", row.of->gradient_norm < kVanishedNorm});
    });
  }
  ImageNumbers images;
  for (const ImageRow& row : rows)
    each(tasks[static_cast<size_t>(row.task)], [&](auto* group) {
      const TaskRow& task = tasks[static_cast<size_t>(row.task)];
      group->first.push_back(
          {*row.score, row.label_found, images.number(row),
           hospitals_alike ? task.task->attack_case : task.of->observation.client});
    });
  std::vector<LeakRow> out;
  for (const auto& [key, group] : groups)
    out.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key),
                   summarize_leak(group.first, group.second)});
  return out;
}

}  // namespace

void write_attack_group(h5::File* file, const RunRecord& record) {
  if (record.attacks == nullptr) return;
  const std::vector<TaskRow> tasks = task_rows(*record.attacks);
  if (tasks.empty()) return;
  const std::vector<ImageRow> rows = image_rows(tasks);
  write_task_table(file, tasks, record);
  write_image_table(file, rows, *record.model);
  write_leaks(file, leaks_of(tasks, rows, record.hospitals_alike));
  write_pixels(file, rows, record);
  write_trace(file, tasks);
}

}  // namespace medpfl
