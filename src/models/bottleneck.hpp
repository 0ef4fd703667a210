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
  int64_t width = 0;  ///< K; 0: none
  double weight = 0;  ///< beta
};

/// What one forward pass takes to the bottleneck, and what it brings back.
struct BottleneckPass {
  at::Tensor noise;       ///< epsilon, float32 [B, K] on any device; undefined: 0, so that z = mu
  at::Tensor divergence;  ///< brought back: the KL in nats, summed over K, mean over the batch
};

/// [B, 2K], mu before s -> z [B, K]. `pass` may be null: z = mu.
at::Tensor through_bottleneck(const at::Tensor& x, BottleneckPass* pass);

/// The training loss, given the cross entropy: plus the weighted divergence of its pass, if any.
at::Tensor with_divergence(const at::Tensor& cross_entropy, const Bottleneck& bottleneck,
                           const BottleneckPass& pass);

/// epsilon of one pass, float32 [batch, width] on the CPU; undefined where there is no bottleneck.
at::Tensor bottleneck_noise(const Bottleneck& bottleneck, int64_t batch, const StreamKey& key);

}  // namespace medpfl
