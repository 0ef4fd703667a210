#pragma once
#include <ATen/core/Tensor.h>

#include <array>

namespace medpfl {

/// [a, b, c; d, e, f], row by row: where a pixel at (x, y) comes from, (ax + by + c, dx + ey + f),
/// in half sides from the middle of the image.
using AffineMap = std::array<double, 6>;

/// Shifts to the right and down, as shares of the side, after a rotation in degrees.
AffineMap rigid_map(double shift_x, double shift_y, double angle);
/// What undoes rigid_map of the same numbers.
AffineMap rigid_inverse(double shift_x, double shift_y, double angle);

/// Square images float32 [B, C, S, S], all by the same map; bilinear, 0 outside.
at::Tensor warp(const at::Tensor& images, const AffineMap& map);

}  // namespace medpfl
