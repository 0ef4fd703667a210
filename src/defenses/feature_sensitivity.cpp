#include "defenses/feature_sensitivity.hpp"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "models/device_views.hpp"
#include "models/layer_inputs.hpp"

namespace medpfl {
namespace {

constexpr int64_t kBlock = 32;  // images

// Adds those of one block of images [B, C, H, W]. Few images are taken several times, each time for
// another feature, so that a backward pass always has about kBlock to do.
void add_block(const OwnTraining& own, const std::vector<at::Tensor>& weights,
               const at::Tensor& block, std::vector<double>* sum) {
  const int64_t batch = block.size(0), copies = kBlock / batch;
  const at::Tensor images =
      block.to(own.model.device()).repeat({copies, 1, 1, 1}).set_requires_grad(true);
  const at::Tensor features = layer_inputs(own.model, weights, images, NormMode::kEval)
                                  .features.reshape({copies, batch, -1});
  const at::Tensor magnitudes = features.detach()[0].to(at::kCPU, at::kDouble).abs();
  const int64_t count = features.size(2);
  sum->resize(static_cast<size_t>(count), 0);
  for (int64_t first = 0; first < count; first += copies) {
    const int64_t n = std::min(copies, count - first);
    // Of copy k the feature first + k.
    const at::Tensor chosen = features.slice(0, 0, n).slice(2, first, first + n).diagonal(0, 0, 2);
    const at::Tensor slopes = torch::autograd::grad({chosen.sum()}, {images}, {}, true)[0]
                                  .flatten(1)
                                  .to(at::kDouble)
                                  .norm(2, 1)
                                  .view({copies, batch})
                                  .to(at::kCPU);
    for (int64_t k = 0; k < n; ++k)
      for (int64_t i = 0; i < batch; ++i) {
        const double slope = slopes[k][i].item<double>();
        if (slope == 0) continue;
        (*sum)[static_cast<size_t>(first + k)] += slope / magnitudes[i][first + k].item<double>();
      }
  }
}

}  // namespace

std::vector<double> feature_sensitivity(const OwnTraining& own) {
  const DeviceViews weights(own.model.device(), own.weights, false);
  std::vector<double> sum;
  for (int64_t first = 0; first < own.count; first += kBlock)
    add_block(own, weights.current(), own.images(first, std::min(first + kBlock, own.count)), &sum);
  if (std::any_of(sum.begin(), sum.end(), [](double s) { return std::isnan(s); }))
    throw NumericError(
        "soteria: the features of the hospital's images are not finite: training diverged; lower "
        "federation.learning_rate");
  return sum;
}

}  // namespace medpfl
