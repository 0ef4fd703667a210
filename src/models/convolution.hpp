#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace medpfl {

/// Returns what at::conv2d returns for x [B, C, H, W], weight [O, C, K, K] and bias [O] or
/// undefined, with square stride and padding. The result can be differentiated any number of times,
/// and each derivative is again one convolution of the shapes of the first: LibTorch's own second
/// derivative by x takes the image for the kernel, which is several times slower. On the CPU the
/// first derivative by a leaf whose grad() is set is written there (GradientPlaces).
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t stride, int64_t padding);

}  // namespace medpfl
