#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "attacks/matching/first_images.hpp"
#include "core/random.hpp"

namespace medpfl {

/// How images come from the variables that an optimizer moves: their pixels, or the weights of a
/// generator.
class Parametrization {
 public:
  virtual ~Parametrization() = default;
  virtual int64_t size() const = 0;
  /// Writes first variables [size] to `x`, and draws whatever stays fixed. Must be called once,
  /// before all other calls.
  virtual void begin(RandomStream* random, float* x) = 0;
  /// Returns the images at x [size], float32 [B, C, H, W] on the CPU; they may share memory with x.
  virtual at::Tensor images(const float* x) = 0;
  /// Writes the gradient by x to `out` [size], given dD/d images [B, C, H, W] of the last images().
  virtual void pull_back(const float* gradient, float* out) = 0;
};

/// Returns the parametrization by pixels, of images of `shape` [B, C, H, W] that begin as
/// initial_images(init).
std::unique_ptr<Parametrization> make_pixels(const std::vector<int64_t>& shape, FirstImages init,
                                             const at::Tensor& public_mean);

}  // namespace medpfl
