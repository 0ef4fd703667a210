#pragma once
#include <vector>

#include "results/run/attack_rows.hpp"
#include "results/run/leak_group.hpp"
#include "results/run/run_record.hpp"

namespace medpfl {

/// Returns the rows of /attacks/summary: what each attacker chose, by kind (what is really sent
/// before probes), method and round, and of all rounds together; and what public images score on
/// the same images without an attack. `images` are the image_rows() of `tasks`.
std::vector<LeakRow> leaks_of(const std::vector<TaskRow>& tasks,
                              const std::vector<ImageRow>& images, const RunRecord& record);

}  // namespace medpfl
