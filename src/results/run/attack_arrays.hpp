#pragma once
#include <vector>

#include "h5/file.hpp"
#include "results/run/attack_rows.hpp"
#include "results/run/run_record.hpp"

namespace medpfl {

/// Writes the pixels of true and reconstructed images, and of those on the way, row by row as in
/// /attacks/images.
void write_pixels(h5::File* file, const std::vector<ImageRow>& rows, const RunRecord& record);

/// Writes /attacks/trace: the objective of each task on its way, and the terms of it.
void write_trace(h5::File* file, const std::vector<TaskRow>& tasks);

}  // namespace medpfl
