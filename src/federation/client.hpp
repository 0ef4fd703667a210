#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace medpfl {

/// One hospital with its private data, held by the rank that hosts the hospital.
struct Client {
  int64_t id = 0;                  ///< number of the hospital, from 0
  at::Tensor images;               ///< [n, C, H, W] in the PixelFormat of the data set
  at::Tensor labels;               ///< int64 [n]
  std::vector<int64_t> positions;  ///< [n] where its images are in the training split, ascending
  /// Returns the number of the hospital's images, n.
  int64_t size() const { return static_cast<int64_t>(positions.size()); }
};

}  // namespace medpfl
