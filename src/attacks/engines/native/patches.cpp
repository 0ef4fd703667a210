#include "attacks/engines/native/patches.hpp"

#include <algorithm>
#include <type_traits>

namespace medpfl::native {

namespace {

template <int64_t kValue>
using Constant = std::integral_constant<int64_t, kValue>;

// f(width, stride), as constants where they are common: short copies are then a few instructions.
template <typename F>
void with_constants(int64_t width, int64_t stride, const F& f) {
  const auto with_stride = [&](auto w) {
    if (stride == 1) return f(w, Constant<1>());
    if (stride == 2) return f(w, Constant<2>());
    f(w, stride);
  };
  switch (width) {
    case 8:
      return with_stride(Constant<8>());
    case 16:
      return with_stride(Constant<16>());
    case 32:
      return with_stride(Constant<32>());
    default:
      return with_stride(width);
  }
}

}  // namespace

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

template <typename F>
void Patches::for_rows(const F& f) {
  for (int64_t c = 0; c < channels_; ++c)
    for (int64_t ky = 0; ky < kernel_; ++ky)
      for (int64_t kx = 0; kx < kernel_; ++kx)
        for (int64_t b = 0; b < batch_; ++b)
          for (int64_t y = 0; y < out_height_; ++y)
            f(padded_.data() +
              ((c * batch_ + b) * padded_height_ + y * stride_ + ky) * padded_width_ + kx);
}

void Patches::unfold(const float* image, float* columns) {
  std::fill(padded_.begin(), padded_.end(), 0.F);
  for (int64_t cb = 0; cb < channels_ * batch_; ++cb)
    for (int64_t y = 0; y < height_; ++y)
      std::copy_n(image + (cb * height_ + y) * width_, width_,
                  padded_.data() + (cb * padded_height_ + y + padding_) * padded_width_ + padding_);
  with_constants(out_width_, stride_, [&](auto width, auto stride) {
    for_rows([&](const float* from) {
      for (int64_t x = 0; x < width; ++x) columns[x] = from[x * stride];
      columns += width;
    });
  });
}

void Patches::fold(const float* columns, float* image) {
  std::fill(padded_.begin(), padded_.end(), 0.F);
  with_constants(out_width_, stride_, [&](auto width, auto stride) {
    for_rows([&](float* to) {
      for (int64_t x = 0; x < width; ++x) to[x * stride] += columns[x];
      columns += width;
    });
  });
  for (int64_t cb = 0; cb < channels_ * batch_; ++cb)
    for (int64_t y = 0; y < height_; ++y)
      std::copy_n(padded_.data() + (cb * padded_height_ + y + padding_) * padded_width_ + padding_,
                  width_, image + (cb * height_ + y) * width_);
}

}  // namespace medpfl::native
