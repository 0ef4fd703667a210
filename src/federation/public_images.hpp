#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "comm/communicator.hpp"
#include "data/pixels.hpp"

namespace medpfl {

/// Most public images that a run keeps, and most bytes of their pixels where images are large. One
/// is kept in any case.
inline constexpr int64_t kMostPublicImages = 256, kMostPublicBytes = int64_t{16} << 20;

/// Returns how many of so many public images a run keeps, each with so many bytes of pixels.
int64_t kept_public_images(int64_t images, int64_t image_bytes);

/// Returns the public images that a run keeps, [M, C, H, W] in this format, on rank 0; elsewhere an
/// undefined tensor. They lie evenly along all public images, and are the same for any number of
/// ranks. `images` says how many public images there are, each of this shape [C, H, W]; `blocks`
/// holds those of this rank: of each kEvaluationBlock of them the blocks rank, rank + ranks, ...
/// Collective.
at::Tensor gather_public_images(const Communicator& comm, const std::vector<at::Tensor>& blocks,
                                const PixelFormat& format, int64_t images,
                                const std::vector<int64_t>& shape);

}  // namespace medpfl
