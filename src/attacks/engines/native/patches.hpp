#pragma once
#include <cstdint>
#include <vector>

#include "attacks/engines/native/signal.hpp"
#include "models/model.hpp"

namespace medpfl::native {

/// The patches that a convolution's kernel meets, as columns of a matrix [C K K, B H' W'] (im2col).
class Patches {
 public:
  Patches(const Layer& convolution, const Signal& in, const Signal& out);

  int64_t rows() const { return channels_ * kernel_ * kernel_; }
  int64_t columns() const { return batch_ * out_height_ * out_width_; }
  /// Copies the patches of an image [C, B, H, W] to the columns.
  void unfold(const float* image, float* columns);
  /// Applies the transpose: each pixel becomes the sum of its places in the columns.
  void fold(const float* columns, float* image);

 private:
  /// Calls f(address in the padded image) for each row of output pixels, in the order of the
  /// columns.
  template <typename F>
  void for_rows(const F& f);

  int64_t channels_, batch_, height_, width_, out_height_, out_width_;
  int64_t kernel_, stride_, padding_, padded_height_, padded_width_;
  std::vector<float> padded_;
};

}  // namespace medpfl::native
