#include "kernels/winograd.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "kernels/register_tile.hpp"
#include "kernels/winograd_tiles.hpp"

namespace medpfl {
namespace {

// Panels of tiles that are transformed at a time, so that they stay in the caches.
constexpr int64_t kPanels = 4, kCorrelationPanels = 8;

// Kernels along a row of transformed weights: an odd number of lines of the cache, or numbers of a
// column would share few sets.
int64_t weights_row(const ConvolutionShape& shape) {
  return ((shape.channels + kTileColumns - 1) / kTileColumns | 1) * kTileColumns;
}
int64_t weights_plane(const ConvolutionShape& shape) {
  return shape.outputs * weights_row(shape) + kTileColumns;
}

std::vector<int32_t> steps(int64_t count, int64_t step) {
  std::vector<int32_t> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(static_cast<int32_t>(i * step));
  return out;
}

// f(i) for i < n, shared among threads.
template <typename F>
void for_each(int64_t n, const F& f) {
  at::parallel_for(0, n, 1, [&](int64_t i, int64_t end) {
    for (; i < end; ++i) f(i);
  });
}

// Transformed weights as the left factor of a product.
struct TileWeights {
  const float* data;
  int64_t results, channels;
  int64_t row, step, plane;  // floats from a result, a channel, an element to the next
  bool mirrored;             // kernels upside down and left to right
};

// The products of each element.
void multiply(const TileWeights& weights, int64_t element, int64_t panels, const int32_t* left,
              const int32_t* right, const Tiles& in, const Tiles& out) {
  static constexpr int64_t kMirror[kTileSide] = {3, 1, 2, 0};
  const int64_t y = element / kTileSide, x = element % kTileSide;
  const float* own =
      weights.data +
      (weights.mirrored ? kMirror[y] * kTileSide + kMirror[x] : element) * weights.plane;
  for (int64_t k = 0; k < weights.results; k += kTileRows)
    for (int64_t p = 0; p < panels; ++p)
      add_tile({own + k * weights.row, left}, weights.row, false,
               {in.at(0, p * kTileColumns) + element * in.plane(), right}, weights.channels, false,
               std::min(kTileRows, weights.results - k), kTileColumns,
               out.at(k, p * kTileColumns) + element * out.plane(), kTileColumns);
}

// y [batch, results, height, width] = x * weights. Threads share the blocks of rows, or the work
// within one where it is the only one.
void filter(const ConvolutionShape& shape, const TileWeights& weights, const float* x, float* y) {
  const TileRows rows(shape.batch, shape.height, shape.width);
  const int64_t block = rows.at_a_time(kPanels), panels = rows.panels(block);
  const std::vector<int32_t> left = steps(weights.channels, weights.step);
  const std::vector<int32_t> right = steps(weights.channels, kTileColumns);
  const auto filter_rows = [&](int64_t begin, int64_t end, const Tiles& in, const Tiles& out) {
    for_each(in.channels, [&](int64_t c) { rows.spread_pixels(x, begin, end, c, in); });
    for_each(kTileElements, [&](int64_t element) {
      multiply(weights, element, rows.panels(end - begin), left.data(), right.data(), in, out);
    });
    for_each(out.channels, [&](int64_t k) { rows.gather(out, begin, end, k, y); });
  };
  at::parallel_for(0, (rows.count() + block - 1) / block, 1, [&](int64_t i, int64_t end) {
    const Tiles in(weights.channels, panels), out(weights.results, panels);
    for (; i < end; ++i) filter_rows(i * block, std::min((i + 1) * block, rows.count()), in, out);
  });
}

// dw of the tiles of some rows, summed by element.
class TileCorrelation {
 public:
  TileCorrelation(const ConvolutionShape& shape, int64_t panels, const Tiles& errors,
                  const Tiles& pixels, float* dw)
      : shape_(shape), tiles_(panels * kTileColumns), errors_(errors), pixels_(pixels), dw_(dw) {
    for (int64_t t = 0; t < tiles_; ++t)
      left_.push_back(static_cast<int32_t>(errors.at(0, t) - errors.at(0, 0)));
    right_ = steps(tiles_, kTileColumns);
  }

  void compute(bool accumulate) const {
    const int64_t columns = (shape_.channels + kTileColumns - 1) / kTileColumns;
    at::parallel_for(0, columns, 1, [&](int64_t i, int64_t end) {
      std::vector<float> right(static_cast<size_t>(kTileElements * tiles_ * kTileColumns));
      for (; i < end; ++i) add(i * kTileColumns, accumulate, right.data());
    });
  }

 private:
  // The channels of a tile of columns.
  void add(int64_t channel, bool accumulate, float* right) const {
    constexpr int64_t kPlane = kTileRows * kTileColumns;
    const int64_t columns = std::min(kTileColumns, shape_.channels - channel);
    transpose(channel, columns, right);
    float sums[kTileElements * kPlane];
    for (int64_t k = 0; k < shape_.outputs; k += kTileRows) {
      const int64_t rows = std::min(kTileRows, shape_.outputs - k);
      for (int64_t e = 0; e < kTileElements; ++e)
        add_tile({errors_.at(k, 0) + e * errors_.plane(), left_.data()}, kTileColumns, false,
                 {right + e * tiles_ * kTileColumns, right_.data()}, tiles_, false, rows,
                 kTileColumns, sums + e * kPlane, kTileColumns);
      for (int64_t r = 0; r < rows; ++r)
        gather_kernels(sums + r * kTileColumns, columns, kPlane, accumulate,
                       dw_ + ((k + r) * shape_.channels + channel) * 9);
    }
  }

  // right[element][tile][column]
  void transpose(int64_t channel, int64_t columns, float* right) const {
    const float* from[kTileColumns];
    for (int64_t e = 0; e < kTileElements; ++e)
      for (int64_t t = 0; t < tiles_; t += kTileColumns, right += kTileColumns * kTileColumns) {
        // Columns beyond the last repeat it; nobody reads their sums.
        for (int64_t i = 0; i < kTileColumns; ++i)
          from[i] = pixels_.at(channel + std::min(i, columns - 1), t) + e * pixels_.plane();
        transpose_rows(from, kTileColumns, right);
      }
  }

  const ConvolutionShape& shape_;
  int64_t tiles_;
  const Tiles &errors_, &pixels_;
  float* dw_;
  std::vector<int32_t> left_, right_;
};

}  // namespace

bool have_winograd(const ConvolutionShape& shape) {
  return have_register_tiles() && shape.kernel == 3 && shape.stride == 1 && shape.padding == 1 &&
         shape.width % 8 == 0 && shape.height % kTileResults == 0 &&
         std::min(shape.channels, shape.outputs) >= 16;
}

int64_t winograd_weights_size(const ConvolutionShape& shape) {
  return kTileElements * weights_plane(shape);
}

void transform_weights(const ConvolutionShape& shape, const float* w, float* transformed) {
  for_each(shape.outputs, [&](int64_t k) {
    spread_kernels(w + k * shape.channels * 9, shape.channels, weights_plane(shape),
                   transformed + k * weights_row(shape));
  });
}

void winograd_convolve(const ConvolutionShape& shape, const float* x, const float* transformed,
                       float* y) {
  filter(shape,
         {transformed, shape.outputs, shape.channels, weights_row(shape), 1, weights_plane(shape),
          false},
         x, y);
}

void winograd_convolve_back(const ConvolutionShape& shape, const float* e, const float* transformed,
                            float* dx) {
  filter(shape,
         {transformed, shape.channels, shape.outputs, 1, weights_row(shape), weights_plane(shape),
          true},
         e, dx);
}

void winograd_correlate(const ConvolutionShape& shape, const float* e, const float* x, float* dw) {
  const TileRows rows(shape.batch, shape.height, shape.width);
  const int64_t block = rows.at_a_time(kCorrelationPanels);
  const Tiles errors(shape.outputs, rows.panels(block)), pixels(shape.channels, rows.panels(block));
  for (int64_t begin = 0; begin < rows.count(); begin += block) {
    const int64_t end = std::min(begin + block, rows.count());
    for_each(shape.outputs, [&](int64_t k) { rows.spread_errors(e, begin, end, k, errors); });
    for_each(shape.channels, [&](int64_t c) { rows.spread_pixels(x, begin, end, c, pixels); });
    TileCorrelation(shape, rows.panels(end - begin), errors, pixels, dw).compute(begin > 0);
  }
}

}  // namespace medpfl
