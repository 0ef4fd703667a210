#pragma once
#include <ATen/core/Tensor.h>

#include "attacks/observation.hpp"
#include "models/device_views.hpp"
#include "models/model.hpp"

namespace medpfl {

/// How well the network knows images as what they are held to be: the mean over images of
/// |softmax(f(x)) - onehot(label)|^2 (Wei et al. 2020, arXiv 2004.10397). One pass forward and
/// backward through the network.
class LabelFit {
 public:
  /// Both must outlive this object.
  LabelFit(const Model& model, const Observation& observation)
      : model_(model), weights_(model.device(), observation.weights, false) {}

  /// images: float32 [B, C, H, W], labels: int64 [B], on the CPU. Returns the value R; adds
  /// weight * dR/d images to `gradient`, as long.
  double evaluate(const at::Tensor& images, const at::Tensor& labels, double weight,
                  float* gradient) const;

 private:
  const Model& model_;
  DeviceViews weights_;
};

}  // namespace medpfl
