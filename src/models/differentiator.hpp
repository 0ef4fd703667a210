#pragma once
#include <ATen/core/Tensor.h>

#include "core/flat_parameters.hpp"
#include "models/device_views.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Computes loss and gradient of a model at weights in a flat buffer, which may change between
/// calls. On the CPU nothing is copied: the leaves of autograd share the buffer's memory. Arguments
/// and results are on the CPU wherever the model computes.
class Differentiator {
 public:
  /// Both arguments must outlive this object.
  Differentiator(const Model& model, const FlatParameters& weights);

  /// Returns the mean cross entropy in nats over images float32 [B, C, H, W] and labels (int64 [B],
  /// or probabilities float32 [B, classes]), and fills `out` with its gradient; with a bottleneck
  /// the gradient is that of the training loss, which adds the weighted divergence under `noise`
  /// [B, K] (undefined: none). The entries of statistics get the change this batch makes to them:
  /// none under NormMode::kEval, kNormMomentum of the way to the batch's own under kTrain.
  double gradient(const at::Tensor& images, const at::Tensor& labels, FlatParameters* out,
                  const at::Tensor& noise = {}) const;
  /// Returns logits float32 [B, classes] by the stored statistics, without noise and without a
  /// graph of autograd.
  at::Tensor logits(const at::Tensor& images) const;

 private:
  const Model& model_;
  DeviceViews weights_;
};

}  // namespace medpfl
