#pragma once
#include <ATen/core/Tensor.h>

#include "campaign/attack_cases.hpp"
#include "campaign/attack_task.hpp"

namespace medpfl {

/// Fills in the scores of a task that has ended, against the truth of its case. `candidates`
/// ([M, C, H, W] in the PixelFormat of the data set) are the images among which a reconstruction is
/// looked up; the true ones need not be among them. `public_mean`: float32 [C, H, W].
void score_task(const AttackCase& of, const at::Tensor& candidates, const at::Tensor& public_mean,
                AttackTask* task);

}  // namespace medpfl
