#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.hpp"

namespace medpfl {

/// Words of the option `init`.
std::vector<std::string> initializer_names();

/// First images of an attack, float32 of `shape` [B, C, H, W]. normal: N(0, 1); uniform: U[0, 1);
/// grey: 0.5 plus N(0, 0.1^2), near the middle of the data range.
at::Tensor initial_images(const std::string& name, const std::vector<int64_t>& shape,
                          RandomStream* random);

}  // namespace medpfl
