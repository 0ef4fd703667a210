#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/random.hpp"
#include "core/words.hpp"

namespace medpfl {

/// The images at which a matching attack starts. Repeated patterns and plain images: Wei et al.
/// 2020, arXiv 2004.10397.
enum class FirstImages {
  kNormal,     ///< N(0, 1) in each pixel
  kUniform,    ///< U[0, 1)
  kGrey,       ///< 0.5 plus N(0, 0.1^2), near the middle of the data range
  kTile,       ///< a quarter of U[0, 1), repeated 2 x 2
  kTile4,      ///< 4 x 4 pixels of N(0, 1), repeated
  kColour,     ///< one U[0, 1) a channel
  kDark,       ///< 0
  kLight,      ///< 1
  kSurrogate,  ///< the mean of public images; its mean over channels where the image is gray
};
const Words<FirstImages>& words_of(FirstImages);

/// Returns the first images of an attack, float32 of `shape` [B, C, H, W]. `public_mean`: float32
/// [C', H, W].
at::Tensor initial_images(FirstImages kind, const std::vector<int64_t>& shape,
                          const at::Tensor& public_mean, RandomStream* random);

}  // namespace medpfl
