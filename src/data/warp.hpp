#pragma once
#include <ATen/core/Tensor.h>

#include <array>

namespace medpfl {

/// An affine map [a, b, c; d, e, f], row by row: a pixel at (x, y) comes from (ax + by + c, dx + ey
/// + f), in half sides from the middle of the image.
using AffineMap = std::array<double, 6>;

/// Returns the map that rotates by `angle` degrees and then shifts to the right and down, by shares
/// of the side.
AffineMap rigid_map(double shift_x, double shift_y, double angle);
/// Returns the inverse of rigid_map of the same numbers.
AffineMap rigid_inverse(double shift_x, double shift_y, double angle);

/// Returns square images float32 [B, C, S, S], all warped by the same map: bilinear, 0 outside.
at::Tensor warp(const at::Tensor& images, const AffineMap& map);

}  // namespace medpfl
