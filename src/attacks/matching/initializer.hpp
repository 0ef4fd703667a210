#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.hpp"

namespace medpfl {

/// Returns the words of the option `init`.
std::vector<std::string> initializer_names();

/// Returns the first images of an attack, float32 of `shape` [B, C, H, W], drawn as `name`, one of
/// initializer_names(), says; docs/methods/attacks.md has the distributions and their papers. The
/// word `surrogate` draws nothing: every image is `public_mean`, float32 [C', H, W], or its mean
/// over channels where C is 1.
at::Tensor initial_images(const std::string& name, const std::vector<int64_t>& shape,
                          const at::Tensor& public_mean, RandomStream* random);

}  // namespace medpfl
