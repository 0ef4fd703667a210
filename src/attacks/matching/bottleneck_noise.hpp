#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "attacks/observation.hpp"
#include "core/words.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Words of the option `bottleneck`, what an attacker takes for the noise that a hospital drew:
/// sample: any other, anew at every evaluation, as a network gives that does not know it is
/// attacked. mean: none (Scheliga et al. 2022, arXiv 2208.04767). observed: observed_noise().
enum class BottleneckNoise {
  kSample,    ///< drawn anew at every evaluation
  kMean,      ///< left out
  kObserved,  ///< solved for in the message of one image
};
const Words<BottleneckNoise>& words_of(BottleneckNoise);

/// Throws ConfigError for a network without a bottleneck.
void require_bottleneck(const Model& model);

/// Returns epsilon, float32 [1, K], as the gradient of one image reveals it. With e the error
/// behind a dense layer and a what enters it, the gradients of its weight and bias are e a' and e:
/// the encoder tells its input and so mu and s, the decoder tells z, and epsilon = (z - mu)
/// exp(-s/2). Throws ConfigError for a message of several images.
at::Tensor observed_noise(const Model& model, const Observation& observation);

}  // namespace medpfl
