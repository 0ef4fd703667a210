#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace medpfl {

/// [C, H, W] with C 1 or 3, uint8 or float32 in [0, 1] -> [channels, size, size] of the same type:
/// gray to RGB by repetition, RGB to gray by ITU-R 601 luma, then antialiased bilinear resize (the
/// rule of Pillow's BILINEAR); uint8 is rounded.
at::Tensor fit_image(const at::Tensor& image, int64_t channels, int64_t size);

}  // namespace medpfl
