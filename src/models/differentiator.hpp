#pragma once
#include <ATen/core/Tensor.h>

#include "core/flat_parameters.hpp"
#include "models/device_views.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Loss and gradient of a model at weights that live in a flat buffer and may change between calls.
/// On the CPU without copies: the leaves of autograd share the buffer's memory. Arguments and
/// results are on the CPU wherever the model computes.
class Differentiator {
 public:
  /// Both must outlive this object.
  Differentiator(const Model& model, const FlatParameters& weights);

  /// Mean cross entropy (nats) over images float32 [B, C, H, W] and labels, int64 [B] or
  /// probabilities float32 [B, classes], and its gradient; with a bottleneck that of the training
  /// loss, which adds the weighted divergence, under `noise` [B, K] (undefined: none). The entries
  /// of statistics hold the change this batch makes to them: none in the norm
  /// mode eval, kNormMomentum of the way to those of the batch in train.
  double gradient(const at::Tensor& images, const at::Tensor& labels, FlatParameters* out,
                  const at::Tensor& noise = {}) const;
  /// Logits float32 [B, classes] by the stored statistics and without noise, no graph.
  at::Tensor logits(const at::Tensor& images) const;

 private:
  const Model& model_;
  DeviceViews weights_;
};

}  // namespace medpfl
