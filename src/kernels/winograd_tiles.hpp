#pragma once
#include <cstdint>
#include <memory>

#include "kernels/register_tile.hpp"

namespace medpfl {

/// A tile has 2 x 2 results, and 4 x 4 elements once it is transformed.
inline constexpr int64_t kTileResults = 2, kTileSide = 4, kTileElements = kTileSide * kTileSide;

/// Transformed tiles of some channels: [element][panel][channel][kTileColumns tiles].
struct Tiles {
  Tiles(int64_t channels, int64_t panels);

  int64_t panel() const { return channels * kTileColumns; }  ///< floats of a panel
  /// Returns the offset, in floats, from an element to the next. It is no multiple of a page, so
  /// that the elements of a tile do not compete for few sets of the cache.
  int64_t plane() const { return panels * panel() + kTileColumns; }
  /// Returns the first element of a tile.
  float* at(int64_t channel, int64_t tile) const {
    return data.get() + tile / kTileColumns * panel() + channel * kTileColumns +
           tile % kTileColumns;
  }

  int64_t channels, panels;
  std::unique_ptr<float[]> data;
};

/// The rows of tiles of images [batch, channels, height, width], counted through all of them. The
/// height is a multiple of 2, the width of 8.
class TileRows {
 public:
  TileRows(int64_t batch, int64_t height, int64_t width);

  int64_t count() const { return count_; }
  /// Returns how many rows have tiles that fill about `panels` panels.
  int64_t at_a_time(int64_t panels) const;
  /// Returns how many panels hold so many rows.
  int64_t panels(int64_t rows) const;

  /// Writes one channel of the rows from `begin` to `end`, transformed as factors of kernels.
  void spread_pixels(const float* images, int64_t begin, int64_t end, int64_t channel,
                     const Tiles& to) const;
  /// Writes derivatives by results, transformed by the adjoint of gather().
  void spread_errors(const float* images, int64_t begin, int64_t end, int64_t channel,
                     const Tiles& to) const;
  /// Writes results, transformed back from the sums of products.
  void gather(const Tiles& from, int64_t begin, int64_t end, int64_t channel, float* images) const;

 private:
  // f(channel of an image, its first row of tiles, its last, their first tile).
  template <typename F>
  void for_images(int64_t begin, int64_t end, int64_t channels, int64_t channel, const F& f) const;
  void clear_rest(int64_t rows, int64_t channel, const Tiles& tiles) const;

  int64_t height_, width_, rows_, tiles_, count_;  // of an image, of a row, rows of all images
};

/// Writes kernels w [count, 3, 3] transformed: element `element` of kernel i to
/// to[element * plane + i].
void spread_kernels(const float* w, int64_t count, int64_t plane, float* to);

/// Transforms sums of products back, from[element * plane + i], to derivatives dw [count, 3, 3],
/// which are overwritten, or with `accumulate` added to.
void gather_kernels(const float* from, int64_t count, int64_t plane, bool accumulate, float* dw);

}  // namespace medpfl
