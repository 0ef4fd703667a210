#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "campaign/attack_cases.hpp"
#include "campaign/attack_task.hpp"

namespace medpfl {

/// Returns the scores of `reconstruction`, float32 [B, C, H, W], against the truth of a case.
/// `candidates` ([M, C, H, W] in the PixelFormat of the data set) are the images among which a
/// reconstruction is looked up; the true ones need not be among them. `public_mean`: float32
/// [C, H, W].
std::vector<ImageScore> score_images(const AttackCase& of, const at::Tensor& candidates,
                                     const at::Tensor& reconstruction,
                                     const at::Tensor& public_mean);

/// Fills in the scores of a task that has ended, as score_images() gives them.
void score_task(const AttackCase& of, const at::Tensor& candidates, const at::Tensor& public_mean,
                AttackTask* task);

}  // namespace medpfl
