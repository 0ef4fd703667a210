#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "core/random.hpp"

namespace medpfl {

/// The images of one local step, with their labels.
struct Batch {
  at::Tensor images;  ///< float32 [B, C, H, W] in [0, 1]
  at::Tensor labels;  ///< int64 [B], or float32 [B, classes] that add up to 1
};

/// The images of one hospital, as a batch hook sees them.
struct Shard {
  int64_t client = 0;  ///< number of the hospital, for error messages
  int64_t images = 0, classes = 0;
  /// Returns the images at these positions of the shard, from 0, with int64 labels.
  std::function<Batch(const std::vector<int64_t>&)> take;
};

/// Changes the images of a local step before the hospital's network sees them.
class BatchHook {
 public:
  virtual ~BatchHook() = default;
  /// Returns the batch that replaces the images at `positions` of the shard, as many and in their
  /// order. All randomness comes from `random`. Throws DataError where the hospital has too few
  /// images.
  virtual Batch apply(const Shard& shard, const std::vector<int64_t>& positions,
                      RandomStream* random) const = 0;
  /// Whether an image of the shard may become part of several examples of a batch.
  virtual bool mixes() const = 0;
};

}  // namespace medpfl
