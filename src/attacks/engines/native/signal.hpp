#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace medpfl::native {

/// What passes between two layers of a network, for a whole batch: float32 [C, B, H, W], channels
/// first so that one matrix product serves all images. Dots are derivatives along a direction v of
/// the weights.
struct Signal {
  Signal(int64_t c, int64_t b, int64_t h, int64_t w) : channels(c), batch(b), height(h), width(w) {
    for (auto* v : {&value, &tangent}) v->resize(static_cast<size_t>(size()));
    errors.resize(static_cast<size_t>(2 * size()));
  }

  int64_t plane() const { return height * width; }
  int64_t columns() const { return batch * plane(); }  ///< columns of the matrix [C, B H W]
  int64_t size() const { return channels * columns(); }
  float* error_tangent() { return errors.data(); }
  float* error() { return errors.data() + size(); }

  int64_t channels, batch, height, width;
  /// Does not depend on the weights: the tangent is zero, and nobody asks for the error.
  bool fixed = false;
  std::vector<float> value;  ///< a
  std::vector<float>
      tangent;  ///< derivative of the values along the direction, marked by a dot in the equations
  /// [2, C, B, H, W]: first the tangent of the error, then the error dL/da. One below the other
  /// they are a single factor of the backward tangent pass.
  std::vector<float> errors;
};

}  // namespace medpfl::native
