#pragma once
#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace medpfl {

/// Returns what training makes small, the cross entropy in nats: its mean over the batch, or the
/// sum. logits [B, classes] on any device; labels int64 [B], or probabilities [B, classes]. What a
/// layer adds to the loss is not in it (see Bottleneck).
at::Tensor training_loss(const at::Tensor& logits, const at::Tensor& labels,
                         int64_t reduction = at::Reduction::Mean);

}  // namespace medpfl
