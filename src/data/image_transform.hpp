#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace medpfl {

/// uint8 [C, H, W] with C 1 or 3 -> uint8 [channels, size, size]: grey to RGB by repetition, RGB to
/// grey by ITU-R 601 luma, then antialiased bilinear resize (the rule of Pillow's BILINEAR),
/// rounded.
at::Tensor fit_image(const at::Tensor& image, int64_t channels, int64_t size);

}  // namespace medpfl
