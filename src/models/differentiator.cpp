#include "models/differentiator.hpp"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "models/training_loss.hpp"

namespace medpfl {

Differentiator::Differentiator(const Model& model, const FlatParameters& weights)
    : model_(model), weights_(model.device(), weights, true) {}

double Differentiator::gradient(const at::Tensor& images, const at::Tensor& labels,
                                FlatParameters* out, const at::Tensor& noise) const {
  const std::vector<at::Tensor>& views = weights_.current();
  std::vector<at::Tensor> statistics;
  BottleneckPass bottleneck{noise, {}};
  const at::Tensor logits = model_.forward(views, images.to(model_.device()), model_.norm_mode(),
                                           &statistics, nullptr, &bottleneck);
  const at::Tensor loss = training_loss(logits, labels);
  const std::vector<at::Tensor> leaves = weights_.parameters();
  const GradientPlaces places(leaves, out);
  std::vector<at::Tensor> result =
      torch::autograd::grad({with_divergence(loss, model_.bottleneck(), bottleneck)}, leaves);
  const size_t parameters = result.size();
  for (size_t i = 0; i < statistics.size(); ++i)
    result.push_back(statistics[i].sub(views[parameters + i]).mul(kNormMomentum));
  if (statistics.empty())
    std::fill(out->data() + out->layout().trainable(), out->data() + out->size(), 0.0F);
  weights_.collect(result, out);
  return loss.item<double>();
}

at::Tensor Differentiator::logits(const at::Tensor& images) const {
  at::NoGradGuard no_graph;
  return model_.forward(weights_.current(), images.to(model_.device()), NormMode::kEval, nullptr)
      .to(at::kCPU);
}

}  // namespace medpfl
