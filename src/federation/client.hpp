#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace medpfl {

/// One hospital's private data, held by the rank that hosts it.
struct Client {
  int64_t id = 0;
  at::Tensor images;               ///< [n, C, H, W] in the PixelFormat of the data set
  at::Tensor labels;               ///< int64 [n]
  std::vector<int64_t> positions;  ///< of its images in the training split, ascending
  int64_t size() const { return static_cast<int64_t>(positions.size()); }
};

}  // namespace medpfl
