#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.hpp"

namespace medpfl {

/// Returns the words of the option `init`.
std::vector<std::string> initializer_names();

/// Returns the first images of an attack, float32 of `shape` [B, C, H, W]. normal: N(0, 1);
/// uniform: U[0, 1); grey: 0.5 plus N(0, 0.1^2), near the middle of the data range. tile: a quarter
/// of U[0, 1), repeated 2 x 2; colour: one U[0, 1) a channel; dark: 0; light: 1 (Wei et al. 2020,
/// arXiv 2004.10397). tile-4: 4 x 4 pixels of N(0, 1), repeated. surrogate: `public_mean`, float32
/// [C', H, W], for every image; its mean over channels where C is 1.
at::Tensor initial_images(const std::string& name, const std::vector<int64_t>& shape,
                          const at::Tensor& public_mean, RandomStream* random);

}  // namespace medpfl
