#include "attacks/engines/candidate_loss.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

namespace medpfl {

CandidateLoss::CandidateLoss(const Model& model, const Candidate& candidate, bool requires_grad)
    : model_(model), candidate_(candidate) {
  const auto leaf = [&](const at::Tensor& tensor) {
    return tensor.detach().to(model.device()).set_requires_grad(requires_grad);
  };
  inputs_.push_back(leaf(candidate.images));
  if (candidate.label_logits.defined() && !candidate.output_error.defined())
    inputs_.push_back(leaf(candidate.label_logits));
}

at::Tensor CandidateLoss::at(const std::vector<at::Tensor>& weights, Switches* switches) const {
  BottleneckPass pass{candidate_.noise, {}};
  const at::Tensor logits = model_.forward(weights, inputs_[0], switches, &pass);
  return with_divergence(of_logits(logits), model_.bottleneck(), pass);
}

at::Tensor CandidateLoss::of_logits(const at::Tensor& logits) const {
  if (candidate_.output_error.defined())
    return logits.mul(candidate_.output_error.to(model_.device())).sum();
  // Soft labels, as in DLG: cross entropy against softmax(label logits).
  if (inputs_.size() > 1)
    return at::softmax(inputs_[1], 1).mul(at::log_softmax(logits, 1)).sum(1).mean().neg();
  return at::cross_entropy_loss(logits, candidate_.labels.to(model_.device()));
}

}  // namespace medpfl
