#include "results/run/attack_arrays.hpp"
#include "results/run/attack_rows.hpp"
#include "results/run/attack_tables.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/leaks.hpp"
#include "results/run/run_record.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {

void write_attack_group(h5::File* file, const RunRecord& record) {
  if (record.attacks == nullptr) return;
  const std::vector<TaskRow> tasks = task_rows(*record.attacks);
  if (tasks.empty()) return;
  const std::vector<ImageRow> images = image_rows(tasks, record.hospitals_alike);
  write_task_table(file, tasks, record);
  write_image_table(file, images, *record.model);
  write_leaks(file, leaks_of(tasks, images, record), record.attacks->untested());
  write_pixels(file, images, record);
  write_trace(file, tasks);
  if (!record.attacks->not_tested().empty())
    file->write_attribute("/attacks", "not_tested", record.attacks->not_tested());
}

}  // namespace medpfl
