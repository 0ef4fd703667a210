#include "models/differentiator.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <torch/csrc/autograd/autograd.h>

namespace medpfl {

Differentiator::Differentiator(const Model& model, const FlatParameters& weights)
    : model_(model), leaves_(weights.views(true)) {}

double Differentiator::gradient(const at::Tensor& images, const at::Tensor& labels,
                                FlatParameters* out) const {
  const at::Tensor loss = at::cross_entropy_loss(model_.forward(leaves_, images), labels);
  out->assign(torch::autograd::grad({loss}, leaves_));
  return loss.item<double>();
}

at::Tensor Differentiator::logits(const at::Tensor& images) const {
  at::NoGradGuard no_graph;
  return model_.forward(leaves_, images);
}

}  // namespace medpfl
