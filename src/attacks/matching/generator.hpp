#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "attacks/matching/parametrization.hpp"

namespace medpfl {

/// Returns a generator of images G(theta; z) of `shape` [B, C, H, W], in (0, 1): an untrained
/// convolutional network whose weights theta are the variables; z, one noise map for each image,
/// stays as drawn (Zhang et al., ICCV 2023; Ulyanov et al., CVPR 2018, arXiv 1711.10925). A
/// convolution of z at about 4 x 4 px, then as many times as it takes: doubling by nearest
/// neighbors and a 3 px convolution; each followed by GroupNorm and leaky ReLU; last a 1 px
/// convolution to C channels and a sigmoid. What exceeds H x W is cropped. `width`: channels of
/// every convolution, at least 1. Computed on `device`.
std::unique_ptr<Parametrization> make_generator(const std::vector<int64_t>& shape, int64_t width,
                                                at::Device device);

}  // namespace medpfl
