#include "attacks/matching/bottleneck_noise.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace medpfl {
namespace {

// a from W = e a' and b = e, by least squares over the rows.
at::Tensor input_of(const Layer& dense, const FlatParameters& gradient) {
  const at::Tensor weight = gradient.view(dense.weight).to(at::kDouble);
  const at::Tensor error = gradient.view(dense.bias).to(at::kDouble);
  return weight.t().mv(error).div(error.dot(error));
}

}  // namespace

const Words<BottleneckNoise>& words_of(BottleneckNoise) {
  static const Words<BottleneckNoise> words = {{BottleneckNoise::kSample, "sample"},
                                               {BottleneckNoise::kMean, "mean"},
                                               {BottleneckNoise::kObserved, "observed"}};
  return words;
}

void require_bottleneck(const Model& model) {
  if (model.bottleneck().width == 0)
    throw ConfigError(
        fmt::format("bottleneck=observed reads the noise of a bottleneck, which {} has only under "
                    "defense.chain=precode; use bottleneck=sample",
                    model.name()));
}

at::Tensor observed_noise(const Model& model, const Observation& observation) {
  require_bottleneck(model);
  if (observation.batch != 1)
    throw ConfigError(
        fmt::format("bottleneck=observed holds for one image, but the message of hospital {} in "
                    "round {} comes from {}",
                    observation.client, observation.round, observation.batch));
  size_t at = 0;
  while (model.layers()[at].kind != Layer::Kind::kBottleneck) ++at;
  const Layer &encoder = model.layers()[at - 1], &decoder = model.layers()[at + 1];
  const FlatParameters& weights = observation.weights;
  const at::Tensor moments = weights.view(encoder.weight)
                                 .to(at::kDouble)
                                 .mv(input_of(encoder, observation.gradient))
                                 .add(weights.view(encoder.bias).to(at::kDouble));
  const int64_t width = model.bottleneck().width;
  const at::Tensor mean = moments.narrow(0, 0, width);
  const at::Tensor log_variance = moments.narrow(0, width, width);
  return input_of(decoder, observation.gradient)
      .sub(mean)
      .mul(log_variance.div(-2).exp())
      .to(at::kFloat)
      .unsqueeze(0);
}

}  // namespace medpfl
