#include "attacks/native/patches.hpp"

#include <algorithm>

namespace medpfl::native {

Patches::Patches(const Layer& convolution, const Signal& in, const Signal& out)
    : channels_(in.channels),
      batch_(in.batch),
      height_(in.height),
      width_(in.width),
      out_height_(out.height),
      out_width_(out.width),
      kernel_(convolution.kernel),
      stride_(convolution.stride),
      padding_(convolution.padding),
      padded_height_(height_ + 2 * padding_),
      padded_width_(width_ + 2 * padding_),
      padded_(static_cast<size_t>(channels_ * batch_ * padded_height_ * padded_width_)) {}

void Patches::unfold(const float* image, float* columns) {
  std::fill(padded_.begin(), padded_.end(), 0.F);
  for (int64_t cb = 0; cb < channels_ * batch_; ++cb)
    for (int64_t y = 0; y < height_; ++y)
      std::copy_n(image + (cb * height_ + y) * width_, width_,
                  padded_.data() + (cb * padded_height_ + y + padding_) * padded_width_ + padding_);
  for (int64_t c = 0; c < channels_; ++c)
    for (int64_t ky = 0; ky < kernel_; ++ky)
      for (int64_t kx = 0; kx < kernel_; ++kx)
        for (int64_t b = 0; b < batch_; ++b)
          for (int64_t y = 0; y < out_height_; ++y, columns += out_width_) {
            const float* from = source(c, b, y, ky, kx);
            for (int64_t x = 0; x < out_width_; ++x) columns[x] = from[x * stride_];
          }
}

void Patches::fold(const float* columns, float* image) {
  std::fill(padded_.begin(), padded_.end(), 0.F);
  for (int64_t c = 0; c < channels_; ++c)
    for (int64_t ky = 0; ky < kernel_; ++ky)
      for (int64_t kx = 0; kx < kernel_; ++kx)
        for (int64_t b = 0; b < batch_; ++b)
          for (int64_t y = 0; y < out_height_; ++y, columns += out_width_) {
            float* to = source(c, b, y, ky, kx);
            for (int64_t x = 0; x < out_width_; ++x) to[x * stride_] += columns[x];
          }
  for (int64_t cb = 0; cb < channels_ * batch_; ++cb)
    for (int64_t y = 0; y < height_; ++y)
      std::copy_n(padded_.data() + (cb * padded_height_ + y + padding_) * padded_width_ + padding_,
                  width_, image + (cb * height_ + y) * width_);
}

}  // namespace medpfl::native
