#pragma once
#include <vector>

#include "h5/file.hpp"
#include "results/run/attack_rows.hpp"
#include "results/run/run_record.hpp"

namespace medpfl {

/// Writes the columns of /attacks/tasks.
void write_task_table(h5::File* file, const std::vector<TaskRow>& tasks, const RunRecord& record);

/// Writes the columns of /attacks/images.
void write_image_table(h5::File* file, const std::vector<ImageRow>& rows, const Model& model);

}  // namespace medpfl
