#include "models/differentiator.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <torch/csrc/autograd/autograd.h>

namespace medpfl {

Differentiator::Differentiator(const Model& model, const FlatParameters& weights)
    : model_(model), weights_(model.device(), weights, true) {}

double Differentiator::gradient(const at::Tensor& images, const at::Tensor& labels,
                                FlatParameters* out) const {
  const std::vector<at::Tensor>& leaves = weights_.current();
  const at::Tensor logits = model_.forward(leaves, images.to(model_.device()));
  const at::Tensor loss = at::cross_entropy_loss(logits, labels.to(model_.device()));
  weights_.collect(torch::autograd::grad({loss}, leaves), out);
  return loss.item<double>();
}

at::Tensor Differentiator::logits(const at::Tensor& images) const {
  at::NoGradGuard no_graph;
  return model_.forward(weights_.current(), images.to(model_.device())).to(at::kCPU);
}

}  // namespace medpfl
