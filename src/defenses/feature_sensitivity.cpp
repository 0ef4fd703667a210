#include "defenses/feature_sensitivity.hpp"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "models/device_views.hpp"
#include "models/layer_inputs.hpp"

namespace medpfl {

std::vector<double> feature_sensitivity(const OwnTraining& own) {
  constexpr int64_t kBlock = 32;
  const DeviceViews weights(own.model.device(), own.weights, false);
  std::vector<double> sum;
  for (int64_t first = 0; first < own.count; first += kBlock) {
    at::Tensor images = own.images(first, std::min(first + kBlock, own.count))
                            .to(own.model.device())
                            .set_requires_grad(true);
    const at::Tensor features =
        layer_inputs(own.model, weights.current(), images, NormMode::kEval).features;
    const at::Tensor magnitudes = features.detach().to(at::kCPU, at::kDouble).abs();
    sum.resize(static_cast<size_t>(features.size(1)), 0);
    for (int64_t j = 0; j < features.size(1); ++j) {
      const at::Tensor slopes =
          torch::autograd::grad({features.select(1, j).sum()}, {images}, {}, true)[0]
              .flatten(1)
              .to(at::kCPU, at::kDouble)
              .norm(2, 1);
      for (int64_t i = 0; i < slopes.size(0); ++i) {
        const double slope = slopes[i].item<double>();
        if (slope != 0) sum[static_cast<size_t>(j)] += slope / magnitudes[i][j].item<double>();
      }
    }
  }
  if (std::any_of(sum.begin(), sum.end(), [](double s) { return std::isnan(s); }))
    throw NumericError(
        "soteria: the features of the hospital's images are not finite: training diverged; lower "
        "federation.learning_rate");
  return sum;
}

}  // namespace medpfl
