#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/random.hpp"

namespace medpfl {

/// A variational bottleneck before the head (PRECODE: Scheliga, Maeder, Seeland, WACV 2022, arXiv
/// 2108.04725). A dense encoder gives a mean mu and a log variance s of each of `width` values, z =
/// mu + exp(s/2) epsilon with epsilon ~ N(0, 1), and a dense decoder brings z back to the width of
/// the features. The training loss is the cross entropy + weight * KL(N(mu, e^s) || N(0, 1)).
struct Bottleneck {
  int64_t width = 0;  ///< number of values of z, K; 0: there is no bottleneck
  double weight = 0;  ///< weight of the divergence in the training loss
};

/// What one forward pass gives to the bottleneck, and what it gets back.
struct BottleneckPass {
  at::Tensor noise;       ///< epsilon, float32 [B, K] on any device; undefined: 0, so that z = mu
  at::Tensor divergence;  ///< result: the KL in nats, summed over K, mean over the batch
};

/// Returns z [B, K] for x [B, 2K], which holds mu and then s. `pass` may be null: z = mu.
at::Tensor through_bottleneck(const at::Tensor& x, BottleneckPass* pass);

/// Returns the training loss: the cross entropy plus the weighted divergence of the pass, if any.
at::Tensor with_divergence(const at::Tensor& cross_entropy, const Bottleneck& bottleneck,
                           const BottleneckPass& pass);

/// Returns the noise epsilon of one pass, float32 [batch, width] on the CPU; undefined where there
/// is no bottleneck.
at::Tensor bottleneck_noise(const Bottleneck& bottleneck, int64_t batch, const StreamKey& key);

}  // namespace medpfl
