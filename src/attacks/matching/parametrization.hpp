#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/random.hpp"

namespace medpfl {

/// How images come from the variables that an optimizer moves: their pixels, or the weights of a
/// generator.
class Parametrization {
 public:
  virtual ~Parametrization() = default;
  virtual int64_t size() const = 0;
  /// Writes first variables [size] to `x`, and draws whatever stays fixed. Once, before the rest.
  virtual void begin(RandomStream* random, float* x) = 0;
  /// Images at x [size], float32 [B, C, H, W] on the CPU; they may share memory with x.
  virtual at::Tensor images(const float* x) = 0;
  /// From dD/d images [B, C, H, W], of the last images(), the gradient by x: out [size].
  virtual void pull_back(const float* gradient, float* out) = 0;
};

/// The pixels of images of `shape` [B, C, H, W], at first initial_images(init).
std::unique_ptr<Parametrization> make_pixels(const std::vector<int64_t>& shape,
                                             const std::string& init,
                                             const at::Tensor& public_mean);

}  // namespace medpfl
