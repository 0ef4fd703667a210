#include "attacks/matching/image_fit.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "models/device_views.hpp"

namespace medpfl {
namespace {

constexpr double kRounding = 1e-3;

}  // namespace

ImageFit::ImageFit(const Model& model, const Observation& observation, int64_t bias)
    : model_(model),
      observation_(observation),
      bias_(bias),
      weights_(DeviceViews(model.device(), observation.weights, true).current()) {}

at::Tensor ImageFit::gradients(const at::Tensor& image) {
  const at::Tensor logits =
      model_.forward(weights_, image.unsqueeze(0).to(model_.device()), NormMode::kEval, nullptr);
  std::vector<at::Tensor> out;
  for (int64_t c = 0; c < model_.classes(); ++c) {
    const at::Tensor label = at::full({1}, c, logits.options().dtype(at::kLong));
    const at::Tensor loss = at::cross_entropy_loss(logits, label);
    const auto gradient =
        torch::autograd::grad({loss}, {weights_[static_cast<size_t>(bias_)]}, {}, true);
    out.push_back(gradient[0]);
  }
  ++evaluations_;
  return at::stack(out).to(at::kCPU, at::kDouble).div(static_cast<double>(observation_.batch));
}

double ReadImage::least_misfit() const { return *std::min_element(misfit.begin(), misfit.end()); }

bool ReadImage::out_of_range() const {
  return image.min().item<double>() < -kRounding || image.max().item<double>() > 1 + kRounding;
}

}  // namespace medpfl
