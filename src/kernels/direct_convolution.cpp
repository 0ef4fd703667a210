#include "kernels/direct_convolution.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "kernels/register_tile.hpp"
#include "kernels/shifted_images.hpp"

namespace medpfl {
namespace {

// Extents of what is used together, so that it stays in the caches.
constexpr int64_t kGroupFloats = 1 << 18;  // shifted images
constexpr int64_t kBlock = 64;             // channels whose weights are met at a time
constexpr int64_t kChunkTiles = 16;        // tiles that meet them, one after another
constexpr int64_t kPackTiles = 8;          // from so many on, scattered weights are copied together
constexpr int64_t kPanelRows = 256;        // rows of a panel of kTileColumns columns
constexpr int64_t kPanelsFloats = 1 << 14;  // panels
constexpr int64_t kPage = 1024;             // floats of a page of memory

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Weights as the left factor of a product over `steps` channels and, within, taps.
struct TapWeights {
  const float* data;
  int64_t rows, row;    // results, and floats from the weights of one to those of the next
  int64_t steps, step;  // channels, likewise
  std::vector<int64_t> taps;
};

// y [count, rows, places] = weights x images.
class Product {
 public:
  Product(const TapWeights& weights, const ShiftedImages& images, float* y)
      : weights_(weights),
        images_(images),
        y_(y),
        tiles_(ceil_div(images.places(), kTileColumns)),
        // Few places leave room in the cache for more of their channels.
        block_(std::min(
            {weights.steps, kBlock, ceil_div(images.places() <= 64 ? 576 : 144, images.taps())})),
        scattered_(weights.step > weights.row && weights.step >= kPage) {
    for (int64_t k = 0; k < block_; ++k)
      for (int64_t t = 0; t < images.taps(); ++t) {
        const int64_t tap = weights.taps[static_cast<size_t>(t)];
        left_.push_back(static_cast<int32_t>(k * weights.step + tap));
        packed_left_.push_back(static_cast<int32_t>(packed_left_.size() * kTileRows));
        right_.push_back(static_cast<int32_t>(k * images.channel_step() + images.offsets()[t]));
      }
  }

  void compute() const {
    at::parallel_for(0, ceil_div(weights_.rows, kTileRows), 1, [&](int64_t begin, int64_t end) {
      std::vector<float> packed(left_.size() * kTileRows);
      const int64_t last = std::min(end * kTileRows, weights_.rows), all = images_.count() * tiles_;
      for (int64_t k = 0; k < weights_.steps; k += block_)
        for (int64_t tile = 0; tile < all; tile += kChunkTiles)
          for (int64_t row = begin * kTileRows; row < last; row += kTileRows)
            add(k, row, std::min(kTileRows, last - row), tile, std::min(tile + kChunkTiles, all),
                packed.data());
    });
  }

 private:
  // A block of channels, some rows, the tiles from `first` to `last`.
  void add(int64_t k, int64_t row, int64_t rows, int64_t first, int64_t last, float* packed) const {
    const int64_t n = std::min(block_, weights_.steps - k) * images_.taps();
    const float* own = weights_.data + row * weights_.row + k * weights_.step;
    TileFactor left = {own, left_.data()};
    int64_t left_row = weights_.row;
    // Weights that are met often enough are brought together first.
    const bool pack = scattered_ && last - first >= kPackTiles;
    if (pack) {
      for (int64_t i = 0; i < n; ++i)
        for (int64_t r = 0; r < rows; ++r)
          packed[i * kTileRows + r] = own[left_[static_cast<size_t>(i)] + r * left_row];
      left = {packed, packed_left_.data()};
      left_row = 1;
    }
    for (int64_t tile = first; tile < last; ++tile) {
      const int64_t image = tile / tiles_, place = tile % tiles_ * kTileColumns;
      const TileFactor right = {images_.image(image) + k * images_.channel_step() + place,
                                right_.data()};
      add_tile(left, left_row, scattered_ && !pack, right, n, k > 0, rows,
               std::min(kTileColumns, images_.places() - place),
               y_ + (image * weights_.rows + row) * images_.places() + place, images_.places());
    }
  }

  const TapWeights& weights_;
  const ShiftedImages& images_;
  float* y_;
  int64_t tiles_, block_;  // tiles of an image, channels at a time
  bool scattered_;         // the weights of a row lie pages apart
  std::vector<int32_t> left_, packed_left_, right_;
};

// f(first image, images) for groups that fit the cache once shifted.
template <typename F>
void for_groups(int64_t batch, int64_t image_size, const F& f) {
  const int64_t group = std::max<int64_t>(1, kGroupFloats / std::max<int64_t>(1, image_size));
  for (int64_t n = 0; n < batch; n += group) f(n, std::min(group, batch - n));
}

std::vector<Tap> window(const ConvolutionShape& shape) {
  std::vector<Tap> taps;
  for (int64_t y = 0; y < shape.kernel; ++y)
    for (int64_t x = 0; x < shape.kernel; ++x)
      taps.push_back({y - shape.padding, x - shape.padding});
  return taps;
}

std::vector<int64_t> count_up(int64_t n) {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < n; ++i) out.push_back(i);
  return out;
}

// Adds columns [channels, kernel, kernel, out_height, out_width] to the pixels of an image that
// they were weighted from.
void fold(const ConvolutionShape& shape, const float* columns, float* image) {
  const int64_t height = shape.out_height(), width = shape.out_width(), step = shape.stride;
  const std::vector<Tap> taps = window(shape);
  for (int64_t c = 0; c < shape.channels; ++c, image += shape.height * shape.width)
    for (const Tap& tap : taps) {
      const int64_t left = tap.x < 0 ? ceil_div(-tap.x, step) : 0;
      const int64_t right =
          std::min(width, ceil_div(std::max<int64_t>(0, shape.width - tap.x), step));
      for (int64_t i = 0; i < height; ++i, columns += width) {
        const int64_t y = i * step + tap.y;
        if (y < 0 || y >= shape.height) continue;
        float* row = image + y * shape.width + tap.x;
        for (int64_t j = left; j < right; ++j) row[j * step] += columns[j];
      }
    }
}

// Where the window moves by more than a pixel, pixels differ in the taps that meet them: each tap's
// share is computed by itself.
void convolve_back_strided(const ConvolutionShape& shape, const float* e, const float* w,
                           float* dx) {
  const int64_t rows = shape.channels * shape.kernel * shape.kernel;
  const int64_t size = shape.channels * shape.height * shape.width;
  const TapWeights weights = {w, rows, 1, shape.outputs, rows, {0}};
  ShiftedImages errors(shape.out_height(), shape.out_width(), 1, {{0, 0}});
  std::vector<float> columns(static_cast<size_t>(rows * errors.places()));
  std::fill_n(dx, shape.batch * size, 0.0F);
  for (int64_t n = 0; n < shape.batch; ++n) {
    errors.fill(e + n * shape.outputs * errors.places(), 1, shape.outputs, shape.out_height(),
                shape.out_width());
    Product(weights, errors, columns.data()).compute();
    fold(shape, columns.data(), dx + n * size);
  }
}

// panel[n][p][i] = what place first + p of image n, p < places <= room, meets for the i-th of the
// columns from `column` on, columns being channels and, within, taps.
void fill_panel(const ShiftedImages& images, int64_t column, int64_t columns, int64_t first,
                int64_t places, int64_t room, float* panel) {
  const float* from[kTileColumns] = {};
  for (int64_t n = 0; n < images.count(); ++n, panel += room * kTileColumns) {
    for (int64_t i = 0; i < kTileColumns; ++i) {
      // Columns beyond the last repeat it; nobody reads their sums.
      const int64_t own = column + std::min(i, columns - 1);
      from[i] = images.image(n) + own / images.taps() * images.channel_step() +
                images.offsets()[own % images.taps()] + first;
    }
    transpose_rows(from, places, panel);
  }
}

// dw [outputs, columns] = sum of e [count, outputs, places] x images.
class Correlation {
 public:
  Correlation(const ShiftedImages& images, int64_t outputs, int64_t columns, const float* e,
              float* dw)
      : images_(images),
        outputs_(outputs),
        columns_(columns),
        e_(e),
        dw_(dw),
        chunk_(std::min(images.places(),
                        ceil_div(kPanelRows, images.count() * kTileColumns) * kTileColumns)),
        panel_(images.count() * chunk_ * kTileColumns),
        step_(std::max<int64_t>(1, kPanelsFloats / panel_) * kTileColumns) {
    for (int64_t p = 0; p < chunk_; ++p)
      for (int64_t n = 0; n < images.count(); ++n) {
        left_.push_back(static_cast<int32_t>(n * outputs * images.places() + p));
        right_.push_back(static_cast<int32_t>((n * chunk_ + p) * kTileColumns));
      }
  }

  // Adds to what is there, or overwrites it.
  void compute(bool accumulate) const {
    at::parallel_for(0, ceil_div(columns_, step_), 1, [&](int64_t begin, int64_t end) {
      std::vector<float> panels(static_cast<size_t>(step_ / kTileColumns * panel_));
      for (int64_t first = 0; first < images_.places(); first += chunk_)
        for (int64_t block = begin; block < end; ++block)
          add(first, block * step_, std::min((block + 1) * step_, columns_), panels.data(),
              accumulate || first > 0);
    });
  }

 private:
  // The places from `first` on, the columns from `begin` to `end`. Row by row: rows of large
  // weights lie pages apart.
  void add(int64_t first, int64_t begin, int64_t end, float* panels, bool accumulate) const {
    const int64_t places = std::min(chunk_, images_.places() - first);
    const auto panel = [&](int64_t column) {
      return panels + (column - begin) / kTileColumns * panel_;
    };
    for (int64_t column = begin; column < end; column += kTileColumns)
      fill_panel(images_, column, std::min(kTileColumns, columns_ - column), first, places, chunk_,
                 panel(column));
    for (int64_t row = 0; row < outputs_; row += kTileRows)
      for (int64_t column = begin; column < end; column += kTileColumns)
        add_tile({e_ + row * images_.places() + first, left_.data()}, images_.places(), false,
                 {panel(column), right_.data()}, images_.count() * places, accumulate,
                 std::min(kTileRows, outputs_ - row), std::min(kTileColumns, columns_ - column),
                 dw_ + row * columns_ + column, columns_);
  }

  const ShiftedImages& images_;
  int64_t outputs_, columns_;
  const float* e_;
  float* dw_;
  int64_t chunk_, panel_, step_;  // places at a time, floats of a panel, columns at a time
  std::vector<int32_t> left_, right_;
};

}  // namespace

bool have_direct_convolution() { return have_register_tiles(); }

void convolve(const ConvolutionShape& shape, const float* x, const float* w, float* y) {
  const int64_t kernels = shape.kernel * shape.kernel;
  const TapWeights weights = {w,       shape.outputs,    shape.channels * kernels, shape.channels,
                              kernels, count_up(kernels)};
  ShiftedImages images(shape.out_height(), shape.out_width(), shape.stride, window(shape));
  for_groups(shape.batch, images.image_size(shape.channels), [&](int64_t n, int64_t count) {
    images.fill(x + n * shape.channels * shape.height * shape.width, count, shape.channels,
                shape.height, shape.width);
    Product(weights, images, y + n * shape.outputs * images.places()).compute();
  });
}

void convolve_back(const ConvolutionShape& shape, const float* e, const float* w, float* dx) {
  if (shape.stride > 1) return convolve_back_strided(shape, e, w, dx);
  const int64_t kernels = shape.kernel * shape.kernel;
  const TapWeights weights = {
      w, shape.channels, kernels, shape.outputs, shape.channels * kernels, count_up(kernels)};
  std::vector<Tap> taps;
  for (const Tap& tap : window(shape)) taps.push_back({-tap.y, -tap.x});
  ShiftedImages errors(shape.height, shape.width, 1, taps);
  for_groups(shape.batch, errors.image_size(shape.outputs), [&](int64_t n, int64_t count) {
    errors.fill(e + n * shape.outputs * shape.out_height() * shape.out_width(), count,
                shape.outputs, shape.out_height(), shape.out_width());
    Product(weights, errors, dx + n * shape.channels * errors.places()).compute();
  });
}

void correlate(const ConvolutionShape& shape, const float* e, const float* x, float* dw) {
  ShiftedImages images(shape.out_height(), shape.out_width(), shape.stride, window(shape));
  for_groups(shape.batch, images.image_size(shape.channels), [&](int64_t n, int64_t count) {
    images.fill(x + n * shape.channels * shape.height * shape.width, count, shape.channels,
                shape.height, shape.width);
    Correlation(images, shape.outputs, shape.channels * shape.kernel * shape.kernel,
                e + n * shape.outputs * images.places(), dw)
        .compute(n > 0);
  });
}

}  // namespace medpfl
