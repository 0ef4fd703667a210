#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace medpfl {

/// Returns images clamped to [0, 1], float32 and contiguous on the CPU.
at::Tensor clamped_images(const at::Tensor& images);

/// Returns the sum of squared differences of `n` pixels, or some value >= `limit` as soon as the
/// sum is known to reach it. Pixels are summed in one fixed order, so that equal images get equal
/// sums.
double squared_distance(const float* a, const float* b, int64_t n, double limit);

/// Returns for each image [M, ...], contiguous on the CPU, the index of the first one of the same
/// bytes, which is its own where there is none before it.
std::vector<int64_t> first_equal(const at::Tensor& images);

}  // namespace medpfl
