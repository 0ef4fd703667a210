#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "attacks/engines/matching_engine.hpp"
#include "models/model.hpp"

namespace medpfl {

/// A candidate as leaves of autograd on the model's device.
class CandidateLoss {
 public:
  /// With `requires_grad` the images and, where they count, the label logits can be differentiated.
  CandidateLoss(const Model& model, const Candidate& candidate, bool requires_grad);

  /// Returns the tensors that are varied: images, then label logits where the loss depends on them.
  const std::vector<at::Tensor>& inputs() const { return inputs_; }
  /// Returns the loss whose gradient by the weights is matched: mean cross entropy against labels
  /// or softmax(label logits), or logits times the fixed output error; with a bottleneck plus its
  /// weighted divergence, which does not depend on labels.
  at::Tensor at(const std::vector<at::Tensor>& weights, Switches* switches = nullptr) const;

 private:
  at::Tensor of_logits(const at::Tensor& logits) const;

  const Model& model_;
  const Candidate& candidate_;
  std::vector<at::Tensor> inputs_;
};

}  // namespace medpfl
