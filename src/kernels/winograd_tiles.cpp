#include "kernels/winograd_tiles.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace medpfl {
namespace {

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

// b, moved on by one number after the last of a; a, moved back by one before the first of b.
MEDPFL_INLINE Eight shift_in(Eight a, Eight b) {
  return __builtin_shufflevector(a, b, 7, 8, 9, 10, 11, 12, 13, 14);
}
MEDPFL_INLINE Eight shift_out(Eight a, Eight b) {
  return __builtin_shufflevector(a, b, 1, 2, 3, 4, 5, 6, 7, 8);
}
MEDPFL_INLINE Four shift_in(Four a, Four b) { return __builtin_shufflevector(a, b, 3, 4, 5, 6); }
MEDPFL_INLINE Four shift_out(Four a, Four b) { return __builtin_shufflevector(a, b, 1, 2, 3, 4); }

// A matrix of 4 x 4.
MEDPFL_INLINE void transpose(Four v[4]) {
  const Four low = zip_low(v[0], v[2]), high = zip_high(v[0], v[2]);
  const Four other_low = zip_low(v[1], v[3]), other_high = zip_high(v[1], v[3]);
  v[0] = zip_low(low, other_low);
  v[1] = zip_high(low, other_low);
  v[2] = zip_low(high, other_high);
  v[3] = zip_high(high, other_high);
}

// One dimension of a kernel, 3 numbers to 4.
template <typename T>
MEDPFL_INLINE void spread(const T& a, const T& b, const T& c, T to[4]) {
  const T ends = (a + c) * 0.5F, middle = b * 0.5F;
  to[0] = a;
  to[1] = ends + middle;
  to[2] = ends - middle;
  to[3] = c;
}

// Both dimensions of g [3][3] to [4][4].
template <typename T>
MEDPFL_INLINE void spread_numbers(const T g[9], T elements[kTileElements]) {
  T columns[3][kTileSide];
#pragma GCC unroll 3
  for (int x = 0; x < 3; ++x) spread(g[x], g[3 + x], g[6 + x], columns[x]);
#pragma GCC unroll 4
  for (int y = 0; y < kTileSide; ++y)
    spread(columns[0][y], columns[1][y], columns[2][y], elements + y * kTileSide);
}

// The adjoint of spread.
template <typename T>
MEDPFL_INLINE void gather(const T& a, const T& b, const T& c, const T& d, T to[3]) {
  const T ends = (b + c) * 0.5F;
  to[0] = a + ends;
  to[1] = (b - c) * 0.5F;
  to[2] = ends + d;
}

// A row of an image of `width` pixels, transformed along its length: to[element][width / 2]. The
// first and the last tile reach a pixel beyond it, which is zero.
template <int L>
MEDPFL_AVX2 void spread_along(const float* row, int64_t width, float* to) {
  const int64_t tiles = width / kTileResults;
  Vector<L> before = {}, low = load<L>(row), high = load<L>(row + L);
  for (int64_t t = 0; t < tiles; t += L) {
    const Vector<L> evens = even(low, high), odds = odd(low, high);
    const bool last = t + L == tiles;
    low = last ? Vector<L>{} : load<L>(row + 2 * (t + L));
    high = last ? Vector<L>{} : load<L>(row + 2 * (t + L) + L);
    store<L>(shift_in(before, odds) - odds, to + t);
    store<L>(evens + odds, to + tiles + t);
    store<L>(odds - evens, to + 2 * tiles + t);
    store<L>(evens - shift_out(evens, low), to + 3 * tiles + t);
    before = odds;
  }
}

// Rows of tiles from `first` to `last` of a channel of an image, into the tiles from `tile` on.
// `slots` [kTileSide][kTileSide][width / 2] holds the rows of pixels that a row of tiles meets.
template <int L>
MEDPFL_AVX2 void spread_image(const float* image, int64_t height, int64_t width, int64_t first,
                              int64_t last, int64_t channel, int64_t tile, float* slots,
                              const Tiles& to) {
  const int64_t tiles = width / kTileResults, size = kTileSide * tiles, plane = to.plane();
  int64_t next = kTileResults * first - 1;
  for (int64_t i = first; i < last; ++i) {
    const int64_t top = kTileResults * i - 1;
    for (; next < top + kTileSide; ++next) {
      float* slot = slots + (next + 1) % kTileSide * size;
      if (next < 0 || next >= height)
        std::fill_n(slot, size, 0.0F);
      else
        spread_along<L>(image + next * width, width, slot);
    }
    const float* row[kTileSide];
    for (int64_t k = 0; k < kTileSide; ++k) row[k] = slots + (top + 1 + k) % kTileSide * size;
    for (int64_t t = 0; t < tiles; t += L, tile += L) {
      float* out = to.at(channel, tile);
#pragma GCC unroll 4
      for (int64_t x = 0; x < kTileSide; ++x, out += plane) {
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
  const int64_t tiles = width / kTileResults, plane = from.plane();
  for (int64_t i = first; i < last; ++i)
    for (int64_t t = 0; t < tiles; t += L, tile += L) {
      const float* in = from.at(channel, tile);
      Vector<L> row[kTileResults][kTileSide];
#pragma GCC unroll 4
      for (int64_t x = 0; x < kTileSide; ++x, in += plane) {
        const Vector<L> a = load<L>(in), b = load<L>(in + 4 * plane);
        const Vector<L> c = load<L>(in + 8 * plane), d = load<L>(in + 12 * plane);
        row[0][x] = a + b + c;
        row[1][x] = b - c - d;
      }
#pragma GCC unroll 2
      for (int64_t y = 0; y < kTileResults; ++y) {
        const Vector<L> evens = row[y][0] + row[y][1] + row[y][2];
        const Vector<L> odds = row[y][1] - row[y][2] - row[y][3];
        float* to = image + (kTileResults * i + y) * width + kTileResults * t;
        store<L>(zip_low(evens, odds), to);
        store<L>(zip_high(evens, odds), to + L);
      }
    }
}

// The derivative by results, as the adjoint of gather_image has it.
template <int L>
MEDPFL_AVX2 void spread_image_errors(const float* image, int64_t width, int64_t first, int64_t last,
                                     int64_t channel, int64_t tile, const Tiles& to) {
  const int64_t tiles = width / kTileResults, plane = to.plane();
  for (int64_t i = first; i < last; ++i)
    for (int64_t t = 0; t < tiles; t += L, tile += L) {
      Vector<L> row[kTileResults][kTileSide];
#pragma GCC unroll 2
      for (int64_t y = 0; y < kTileResults; ++y) {
        const float* in = image + (kTileResults * i + y) * width + kTileResults * t;
        const Vector<L> low = load<L>(in), high = load<L>(in + L);
        row[y][0] = even(low, high);
        row[y][3] = odd(low, high);
        row[y][1] = row[y][0] + row[y][3];
        row[y][2] = row[y][0] - row[y][3];
        row[y][3] = -row[y][3];
      }
      float* out = to.at(channel, tile);
#pragma GCC unroll 4
      for (int64_t x = 0; x < kTileSide; ++x, out += plane) {
        store<L>(row[0][x], out);
        store<L>(row[0][x] + row[1][x], out + 4 * plane);
        store<L>(row[0][x] - row[1][x], out + 8 * plane);
        store<L>(-row[1][x], out + 12 * plane);
      }
    }
}

}  // namespace

Tiles::Tiles(int64_t channels_, int64_t panels_)
    : channels(channels_),
      panels(panels_),
      data(new float[static_cast<size_t>(kTileElements * plane())]) {}

TileRows::TileRows(int64_t batch, int64_t height, int64_t width)
    : height_(height),
      width_(width),
      rows_(height / kTileResults),
      tiles_(width / kTileResults),
      count_(batch * rows_) {}

int64_t TileRows::at_a_time(int64_t panels) const {
  // The fewest that leave no panel partly empty.
  const int64_t rows = kTileColumns / std::gcd(tiles_, kTileColumns);
  return std::min(count_, rows * std::max<int64_t>(1, panels * kTileColumns / (rows * tiles_)));
}

int64_t TileRows::panels(int64_t rows) const {
  return (rows * tiles_ + kTileColumns - 1) / kTileColumns;
}

template <typename F>
void TileRows::for_images(int64_t begin, int64_t end, int64_t channels, int64_t channel,
                          const F& f) const {
  for (int64_t row = begin; row < end;) {
    const int64_t image = row / rows_, last = std::min((image + 1) * rows_, end);
    f((image * channels + channel) * height_ * width_, row - image * rows_, last - image * rows_,
      (row - begin) * tiles_);
    row = last;
  }
}

// What is left of the last panel, which may be anything, is multiplied too.
void TileRows::clear_rest(int64_t rows, int64_t channel, const Tiles& tiles) const {
  const int64_t used = rows * tiles_, rest = -used & (kTileColumns - 1);
  for (int64_t e = 0; e < kTileElements && rest > 0; ++e)
    std::fill_n(tiles.at(channel, used) + e * tiles.plane(), rest, 0.0F);
}

void TileRows::spread_pixels(const float* images, int64_t begin, int64_t end, int64_t channel,
                             const Tiles& to) const {
  thread_local std::vector<float> slots;
  slots.resize(static_cast<size_t>(kTileSide * kTileSide * tiles_));
  const auto spread = tiles_ % 8 == 0 ? spread_image<8> : spread_image<4>;
  for_images(begin, end, to.channels, channel,
             [&](int64_t image, int64_t first, int64_t last, int64_t tile) {
               spread(images + image, height_, width_, first, last, channel, tile, slots.data(),
                      to);
             });
  clear_rest(end - begin, channel, to);
}

void TileRows::spread_errors(const float* images, int64_t begin, int64_t end, int64_t channel,
                             const Tiles& to) const {
  const auto spread = tiles_ % 8 == 0 ? spread_image_errors<8> : spread_image_errors<4>;
  for_images(begin, end, to.channels, channel,
             [&](int64_t image, int64_t first, int64_t last, int64_t tile) {
               spread(images + image, width_, first, last, channel, tile, to);
             });
  clear_rest(end - begin, channel, to);
}

void TileRows::gather(const Tiles& from, int64_t begin, int64_t end, int64_t channel,
                      float* images) const {
  const auto put = tiles_ % 8 == 0 ? gather_image<8> : gather_image<4>;
  for_images(begin, end, from.channels, channel,
             [&](int64_t image, int64_t first, int64_t last, int64_t tile) {
               put(from, channel, tile, first, last, width_, images + image);
             });
}

MEDPFL_AVX2 void spread_kernels(const float* w, int64_t count, int64_t plane, float* to) {
  int64_t i = 0;
  for (; i + 4 <= count; i += 4, w += 4 * 9) {
    Four g[9], elements[kTileElements];
#pragma GCC unroll 2
    for (int part = 0; part < 8; part += 4) {
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) g[part + k] = load<4>(w + 9 * k + part);
      transpose(g + part);
    }
    g[8] = Four{w[8], w[17], w[26], w[35]};
    spread_numbers(g, elements);
#pragma GCC unroll 16
    for (int e = 0; e < kTileElements; ++e) store<4>(elements[e], to + e * plane + i);
  }
  for (; i < count; ++i, w += 9) {
    float elements[kTileElements];
    spread_numbers(w, elements);
    for (int e = 0; e < kTileElements; ++e) to[e * plane + i] = elements[e];
  }
}

MEDPFL_AVX2 void gather_kernels(const float* from, int64_t count, int64_t plane, bool accumulate,
                                float* dw) {
  for (int64_t i = 0; i < count; i += 4, dw += 4 * 9) {
    Four columns[kTileSide][3], g[9];
#pragma GCC unroll 4
    for (int x = 0; x < kTileSide; ++x) {
      const float* in = from + x * plane + i;
      gather(load<4>(in), load<4>(in + 4 * plane), load<4>(in + 8 * plane),
             load<4>(in + 12 * plane), columns[x]);
    }
#pragma GCC unroll 3
    for (int y = 0; y < 3; ++y)
      gather(columns[0][y], columns[1][y], columns[2][y], columns[3][y], g + 3 * y);
    const Four last = g[8];
    transpose(g);
    transpose(g + 4);
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      if (i + k >= count) break;
      float* to = dw + 9 * k;
      store<4>(accumulate ? load<4>(to) + g[k] : g[k], to);
      store<4>(accumulate ? load<4>(to + 4) + g[4 + k] : g[4 + k], to + 4);
      to[8] = accumulate ? to[8] + last[k] : last[k];
    }
  }
}

}  // namespace medpfl
