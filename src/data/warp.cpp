#include "data/warp.hpp"

#include <ATen/ops/affine_grid_generator.h>
#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/tensor.h>

#include <cmath>

namespace medpfl {
namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;
constexpr int64_t kBilinear = 0, kZeros = 0;

}  // namespace

AffineMap rigid_map(double shift_x, double shift_y, double angle) {
  const double c = std::cos(angle * kDegree), s = std::sin(angle * kDegree);
  const double x = 2 * shift_x, y = 2 * shift_y;
  return {c, s, -c * x - s * y, -s, c, s * x - c * y};
}

AffineMap rigid_inverse(double shift_x, double shift_y, double angle) {
  const double c = std::cos(angle * kDegree), s = std::sin(angle * kDegree);
  return {c, -s, 2 * shift_x, s, c, 2 * shift_y};
}

at::Tensor warp(const at::Tensor& images, const AffineMap& map) {
  const at::Tensor theta =
      at::tensor(at::ArrayRef<double>(map.data(), map.size()), at::kFloat).view({1, 2, 3});
  const at::Tensor grid =
      at::affine_grid_generator(theta.expand({images.size(0), 2, 3}), images.sizes(), false);
  return at::grid_sampler(images, grid, kBilinear, kZeros, false);
}

}  // namespace medpfl
