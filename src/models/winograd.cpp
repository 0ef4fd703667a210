#include "models/winograd.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "models/register_tile.hpp"

namespace medpfl {
namespace {

// Tiles of 2 x 2 results, and of 4 x 4 elements once transformed. Elements are multiplied each on
// its own: a product of matrices over the channels, with a column for each tile.
constexpr int64_t kResults = 2, kSide = 4, kElements = kSide * kSide;
constexpr int64_t kPanels = 4;  // of kTileColumns tiles, that are transformed at a time
constexpr int64_t kLine = 16;   // floats of a line of the cache

// Vectors of L floats, wherever they lie in memory.
template <int L>
struct Lanes;
template <>
struct Lanes<8> {
  typedef float Vector __attribute__((vector_size(32), aligned(4)));
};
template <>
struct Lanes<4> {
  typedef float Vector __attribute__((vector_size(16), aligned(4)));
};
template <int L>
using Vector = typename Lanes<L>::Vector;
using Eight = Vector<8>;
using Four = Vector<4>;

#define MEDPFL_INLINE MEDPFL_AVX2 inline __attribute__((always_inline))

template <int L>
MEDPFL_INLINE Vector<L> load(const float* from) {
  return *reinterpret_cast<const Vector<L>*>(from);
}
template <int L>
MEDPFL_INLINE void store(Vector<L> v, float* to) {
  *reinterpret_cast<Vector<L>*>(to) = v;
}

// Numbers at even places of a and then b, those at odd ones, and the two put together again.
MEDPFL_INLINE Eight even(Eight a, Eight b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}
MEDPFL_INLINE Eight odd(Eight a, Eight b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
MEDPFL_INLINE Eight zip_low(Eight a, Eight b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
MEDPFL_INLINE Eight zip_high(Eight a, Eight b) {
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
MEDPFL_INLINE Four even(Four a, Four b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6); }
MEDPFL_INLINE Four odd(Four a, Four b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7); }
MEDPFL_INLINE Four zip_low(Four a, Four b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
MEDPFL_INLINE Four zip_high(Four a, Four b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }

// Four vectors [4][lane], lanes from four kernels, to four that hold a kernel's number each.
MEDPFL_INLINE void transpose(Four v[4]) {
  const Four low = zip_low(v[0], v[2]), high = zip_high(v[0], v[2]);
  const Four other_low = zip_low(v[1], v[3]), other_high = zip_high(v[1], v[3]);
  v[0] = zip_low(low, other_low);
  v[1] = zip_high(low, other_low);
  v[2] = zip_low(high, other_high);
  v[3] = zip_high(high, other_high);
}

// [3] to [4], one dimension of a kernel.
template <typename T>
MEDPFL_INLINE void spread(const T& a, const T& b, const T& c, T to[4]) {
  const T ends = (a + c) * 0.5F, middle = b * 0.5F;
  to[0] = a;
  to[1] = ends + middle;
  to[2] = ends - middle;
  to[3] = c;
}

// Kernels g [3][3], each number a vector of L of them.
template <typename T>
MEDPFL_INLINE void spread_kernels(const T g[9], T elements[kElements]) {
  T columns[3][kSide];
#pragma GCC unroll 3
  for (int x = 0; x < 3; ++x) spread(g[x], g[3 + x], g[6 + x], columns[x]);
#pragma GCC unroll 4
  for (int y = 0; y < kSide; ++y)
    spread(columns[0][y], columns[1][y], columns[2][y], elements + y * kSide);
}

// w [count, 3, 3] -> to[element * plane + i].
MEDPFL_AVX2 void spread_row(const float* w, int64_t count, int64_t plane, float* to) {
  int64_t i = 0;
  for (; i + 4 <= count; i += 4, w += 4 * 9) {
    Four g[9], elements[kElements];
#pragma GCC unroll 2
    for (int part = 0; part < 8; part += 4) {
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) g[part + k] = load<4>(w + 9 * k + part);
      transpose(g + part);
    }
    g[8] = Four{w[8], w[17], w[26], w[35]};
    spread_kernels(g, elements);
#pragma GCC unroll 16
    for (int e = 0; e < kElements; ++e) store<4>(elements[e], to + e * plane + i);
  }
  for (; i < count; ++i, w += 9) {
    float elements[kElements];
    spread_kernels(w, elements);
    for (int e = 0; e < kElements; ++e) to[e * plane + i] = elements[e];
  }
}

// Transformed tiles of some channels: [element][panel][channel][kTileColumns tiles].
struct Tiles {
  int64_t channels, panels;
  std::unique_ptr<float[]> data;

  Tiles(int64_t channels_, int64_t panels_)
      : channels(channels_),
        panels(panels_),
        data(new float[static_cast<size_t>(kElements * plane())]) {}
  int64_t panel() const { return channels * kTileColumns; }
  // Not a multiple of a page, or the elements of a tile would share one set of the cache.
  int64_t plane() const { return panels * panel() + kLine; }
  // The first element of a tile.
  float* at(int64_t channel, int64_t tile) const {
    return data.get() + tile / kTileColumns * panel() + channel * kTileColumns +
           tile % kTileColumns;
  }
};

// What spread_image works on, in floats.
int64_t scratch_size(int64_t width) {
  const int64_t tiles = width / kResults;
  return kSide * kSide * tiles + 2 * tiles + 2;
}

// A row of an image of `width` pixels, transformed along its length: to[element][width / 2]. The
// first and the last tile reach a pixel beyond it.
template <int L>
MEDPFL_AVX2 void spread_along(const float* row, int64_t width, float* scratch, float* to) {
  const int64_t tiles = width / kResults;
  float *evens = scratch, *odds = scratch + tiles + 2;
  evens[tiles] = odds[-1] = 0;
  for (int64_t t = 0; t < tiles; t += L) {
    const Vector<L> low = load<L>(row + 2 * t), high = load<L>(row + 2 * t + L);
    store<L>(even(low, high), evens + t);
    store<L>(odd(low, high), odds + t);
  }
  for (int64_t t = 0; t < tiles; t += L) {
    const Vector<L> a = load<L>(evens + t), b = load<L>(odds + t);
    store<L>(load<L>(odds + t - 1) - b, to + t);
    store<L>(a + b, to + tiles + t);
    store<L>(b - a, to + 2 * tiles + t);
    store<L>(a - load<L>(evens + t + 1), to + 3 * tiles + t);
  }
}

// Rows of tiles from `first` to `last` of a channel of an image, into the tiles from `tile` on.
template <int L>
MEDPFL_AVX2 void spread_image(const float* image, int64_t height, int64_t width, int64_t first,
                              int64_t last, int64_t channel, int64_t tile, float* slots,
                              const Tiles& to) {
  const int64_t tiles = width / kResults, size = kSide * tiles, plane = to.plane();
  float* scratch = slots + kSide * size;
  int64_t next = kResults * first - 1;
  for (int64_t i = first; i < last; ++i) {
    const int64_t top = kResults * i - 1;
    for (; next < top + kSide; ++next) {
      float* slot = slots + (next + 1) % kSide * size;
      if (next < 0 || next >= height)
        std::fill_n(slot, size, 0.0F);
      else
        spread_along<L>(image + next * width, width, scratch, slot);
    }
    const float* row[kSide];
    for (int64_t k = 0; k < kSide; ++k) row[k] = slots + (top + 1 + k) % kSide * size;
    for (int64_t t = 0; t < tiles; t += L, tile += L) {
      float* out = to.at(channel, tile);
#pragma GCC unroll 4
      for (int64_t x = 0; x < kSide; ++x, out += plane) {
        const int64_t at = x * tiles + t;
        const Vector<L> a = load<L>(row[0] + at), b = load<L>(row[1] + at);
        const Vector<L> c = load<L>(row[2] + at), d = load<L>(row[3] + at);
        store<L>(a - c, out);
        store<L>(b + c, out + 4 * plane);
        store<L>(c - b, out + 8 * plane);
        store<L>(b - d, out + 12 * plane);
      }
    }
  }
}

// The results of rows of tiles, back from their elements.
template <int L>
MEDPFL_AVX2 void gather_image(const Tiles& from, int64_t channel, int64_t tile, int64_t first,
                              int64_t last, int64_t width, float* image) {
  const int64_t tiles = width / kResults, plane = from.plane();
  for (int64_t i = first; i < last; ++i)
    for (int64_t t = 0; t < tiles; t += L, tile += L) {
      const float* in = from.at(channel, tile);
      Vector<L> row[kResults][kSide];
#pragma GCC unroll 4
      for (int64_t x = 0; x < kSide; ++x, in += plane) {
        const Vector<L> a = load<L>(in), b = load<L>(in + 4 * plane);
        const Vector<L> c = load<L>(in + 8 * plane), d = load<L>(in + 12 * plane);
        row[0][x] = a + b + c;
        row[1][x] = b - c - d;
      }
#pragma GCC unroll 2
      for (int64_t y = 0; y < kResults; ++y) {
        const Vector<L> evens = row[y][0] + row[y][1] + row[y][2];
        const Vector<L> odds = row[y][1] - row[y][2] - row[y][3];
        float* to = image + (kResults * i + y) * width + kResults * t;
        store<L>(zip_low(evens, odds), to);
        store<L>(zip_high(evens, odds), to + L);
      }
    }
}

// An odd number of lines: numbers of one column would share few sets of the cache.
int64_t weights_row(const ConvolutionShape& shape) {
  return ((shape.channels + kLine - 1) / kLine | 1) * kLine;
}
int64_t weights_plane(const ConvolutionShape& shape) {
  return shape.outputs * weights_row(shape) + kLine;
}

// Transformed weights as the left factor of a product.
struct Weights {
  const float* data;
  int64_t row, step;  // from a result to the next, from a channel to the next
  bool mirrored;      // kernels upside down and left to right
};

class Filtering {
 public:
  Filtering(const ConvolutionShape& shape, int64_t inputs, int64_t results, const Weights& weights,
            const float* x, float* y)
      : height_(shape.height),
        width_(shape.width),
        rows_(shape.height / kResults),
        row_(shape.width / kResults),
        plane_(weights_plane(shape)),
        weights_(weights),
        x_(x),
        y_(y),
        block_(std::clamp<int64_t>(kPanels * kTileColumns / row_, 1, shape.batch * rows_)),
        in_(inputs, panels(block_)),
        out_(results, panels(block_)) {
    for (int64_t i = 0; i < inputs; ++i) {
      left_.push_back(static_cast<int32_t>(i * weights.step));
      right_.push_back(static_cast<int32_t>(i * kTileColumns));
    }
    for (int64_t row = 0; row < shape.batch * rows_; row += block_)
      compute(row, std::min(row + block_, shape.batch * rows_));
  }

 private:
  int64_t panels(int64_t rows) const { return (rows * row_ + kTileColumns - 1) / kTileColumns; }

  // Rows of tiles, counted through all images.
  void compute(int64_t begin, int64_t end) const {
    at::parallel_for(0, in_.channels, 1, [&](int64_t channel, int64_t last) {
      std::vector<float> scratch(static_cast<size_t>(scratch_size(width_)));
      for (; channel < last; ++channel) spread_rows(channel, begin, end, scratch.data());
    });
    at::parallel_for(0, kElements, 1, [&](int64_t element, int64_t last) {
      for (; element < last; ++element) multiply(element, panels(end - begin));
    });
    at::parallel_for(0, out_.channels, 1, [&](int64_t channel, int64_t last) {
      for (; channel < last; ++channel) gather_rows(channel, begin, end);
    });
  }

  // f(image, its first row of tiles, its last, their first tile).
  template <typename F>
  void for_images(int64_t begin, int64_t end, const F& f) const {
    for (int64_t row = begin; row < end;) {
      const int64_t image = row / rows_, last = std::min((image + 1) * rows_, end);
      f(image, row - image * rows_, last - image * rows_, (row - begin) * row_);
      row = last;
    }
  }

  void spread_rows(int64_t channel, int64_t begin, int64_t end, float* scratch) const {
    for_images(begin, end, [&](int64_t image, int64_t first, int64_t last, int64_t tile) {
      (row_ % 8 == 0 ? spread_image<8>
                     : spread_image<4>)(x_ + (image * in_.channels + channel) * height_ * width_,
                                        height_, width_, first, last, channel, tile, scratch, in_);
    });
    const int64_t tiles = (end - begin) * row_, beyond = -tiles & (kTileColumns - 1);
    if (beyond > 0)  // or what is there, which may be anything, would be multiplied
      for (int64_t e = 0; e < kElements; ++e)
        std::fill_n(in_.at(channel, tiles) + e * in_.plane(), beyond, 0.0F);
  }

  void multiply(int64_t element, int64_t panels) const {
    static constexpr int64_t kMirror[kSide] = {3, 1, 2, 0};
    const int64_t y = element / kSide, x = element % kSide;
    const float* weights =
        weights_.data + (weights_.mirrored ? kMirror[y] * kSide + kMirror[x] : element) * plane_;
    for (int64_t k = 0; k < out_.channels; k += kTileRows)
      for (int64_t p = 0; p < panels; ++p)
        add_tile({weights + k * weights_.row, left_.data()}, weights_.row, false,
                 {in_.data.get() + element * in_.plane() + p * in_.panel(), right_.data()},
                 in_.channels, false, std::min(kTileRows, out_.channels - k), kTileColumns,
                 out_.data.get() + element * out_.plane() + p * out_.panel() + k * kTileColumns,
                 kTileColumns);
  }

  void gather_rows(int64_t channel, int64_t begin, int64_t end) const {
    for_images(begin, end, [&](int64_t image, int64_t first, int64_t last, int64_t tile) {
      (row_ % 8 == 0 ? gather_image<8>
                     : gather_image<4>)(out_, channel, tile, first, last, width_,
                                        y_ + (image * out_.channels + channel) * height_ * width_);
    });
  }

  int64_t height_, width_, rows_, row_, plane_;  // rows of tiles of an image, tiles of a row
  const Weights& weights_;
  const float* x_;
  float* y_;
  int64_t block_;  // rows of tiles at a time
  Tiles in_, out_;
  std::vector<int32_t> left_, right_;
};

}  // namespace

bool have_winograd(const ConvolutionShape& shape) {
  return have_register_tiles() && shape.kernel == 3 && shape.stride == 1 && shape.padding == 1 &&
         shape.width % 8 == 0 && shape.height % kResults == 0 &&
         std::min(shape.channels, shape.outputs) >= 16;
}

int64_t winograd_weights_size(const ConvolutionShape& shape) {
  return kElements * weights_plane(shape);
}

void transform_weights(const ConvolutionShape& shape, const float* w, float* transformed) {
  at::parallel_for(0, shape.outputs, 16, [&](int64_t k, int64_t last) {
    for (; k < last; ++k)
      spread_row(w + k * shape.channels * 9, shape.channels, weights_plane(shape),
                 transformed + k * weights_row(shape));
  });
}

void winograd_convolve(const ConvolutionShape& shape, const float* x, const float* transformed,
                       float* y) {
  Filtering(shape, shape.channels, shape.outputs, {transformed, weights_row(shape), 1, false}, x,
            y);
}

void winograd_convolve_back(const ConvolutionShape& shape, const float* e, const float* transformed,
                            float* dx) {
  Filtering(shape, shape.outputs, shape.channels, {transformed, 1, weights_row(shape), true}, e,
            dx);
}

}  // namespace medpfl
