#include "attacks/matching/image_fit.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

namespace medpfl {
namespace {

constexpr double kRounding = 1e-3;

}  // namespace

ImageFit::ImageFit(const Model& model, const Observation& observation, int64_t bias)
    : model_(model),
      observation_(observation),
      bias_(bias),
      weights_(model.device(), observation.weights, true) {}

at::Tensor ImageFit::gradients(const at::Tensor& image) {
  const std::vector<at::Tensor>& leaves = weights_.current();
  const at::Tensor logits =
      model_.forward(leaves, image.unsqueeze(0).to(model_.device()), NormMode::kEval, nullptr);
  std::vector<at::Tensor> out;
  for (int64_t c = 0; c < model_.classes(); ++c) {
    const at::Tensor label = at::tensor({c}, at::kLong).to(model_.device());
    const at::Tensor loss = at::cross_entropy_loss(logits, label);
    const auto gradient =
        torch::autograd::grad({loss}, {leaves[static_cast<size_t>(bias_)]}, {}, true);
    out.push_back(gradient[0].to(at::kCPU, at::kDouble));
  }
  ++evaluations_;
  return at::stack(out).div(static_cast<double>(observation_.batch));
}

double ReadImage::least_misfit() const { return *std::min_element(misfit.begin(), misfit.end()); }

bool ReadImage::out_of_range() const {
  return image.min().item<double>() < -kRounding || image.max().item<double>() > 1 + kRounding;
}

}  // namespace medpfl
