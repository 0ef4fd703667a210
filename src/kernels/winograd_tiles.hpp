#pragma once
#include <cstdint>
#include <memory>

#include "kernels/register_tile.hpp"

namespace medpfl {

/// A tile has 2 x 2 results, and 4 x 4 elements once it is transformed.
inline constexpr int64_t kTileResults = 2, kTileSide = 4, kTileElements = kTileSide * kTileSide;

/// Transformed tiles of some channels, as [element][panel][channel][kTileColumns tiles]: a panel
/// holds kTileColumns tiles of every channel.
struct Tiles {
  Tiles(int64_t channels, int64_t panels);

  int64_t panel() const { return channels * kTileColumns; }  ///< floats of a panel
  /// Returns the offset, in floats, from an element to the next. It is no multiple of a page, so
  /// that the elements of a tile do not compete for few sets of the cache.
  int64_t plane() const { return panels * panel() + kTileColumns; }
  /// Returns the place of the first element of a tile; element e is e * plane() further on.
  float* at(int64_t channel, int64_t tile) const {
    return data.get() + tile / kTileColumns * panel() + channel * kTileColumns +
           tile % kTileColumns;
  }

  int64_t channels, panels;
  std::unique_ptr<float[]> data;
};

/// The rows of tiles of images [batch, channels, height, width], numbered from 0 through all images
/// of the batch. The height must be a multiple of 2, the width one of 8.
class TileRows {
 public:
  TileRows(int64_t batch, int64_t height, int64_t width);

  int64_t count() const { return count_; }
  /// Returns how many rows to work on at a time, at most count(): the most that fill `panels`
  /// panels or fewer with no panel partly empty, but at least the fewest that leave none partly
  /// empty.
  int64_t at_a_time(int64_t panels) const;
  /// Returns how many panels the tiles of so many rows need.
  int64_t panels(int64_t rows) const;

  /// Transforms the pixels of one channel of the rows `begin` to `end` - 1 and writes their tiles
  /// to `to`, from its first tile on; `images` are all images of the batch. Unused tiles of the
  /// last panel become zero.
  void spread_pixels(const float* images, int64_t begin, int64_t end, int64_t channel,
                     const Tiles& to) const;
  /// Writes tiles likewise for `images` that are derivatives by results, by the adjoint of
  /// gather().
  void spread_errors(const float* images, int64_t begin, int64_t end, int64_t channel,
                     const Tiles& to) const;
  /// Transforms sums of products back and writes the results to one channel of the rows `begin` to
  /// `end` - 1 of `images`.
  void gather(const Tiles& from, int64_t begin, int64_t end, int64_t channel, float* images) const;

 private:
  // Calls f(offset of the channel in an image, its first row of tiles, the row behind its last,
  // number of their first tile) for each image that has any of the rows.
  template <typename F>
  void for_images(int64_t begin, int64_t end, int64_t channels, int64_t channel, const F& f) const;
  void clear_rest(int64_t rows, int64_t channel, const Tiles& tiles) const;

  int64_t height_, width_;        // of an image
  int64_t rows_, tiles_, count_;  // rows of an image, tiles of a row, rows of all images
};

/// Transforms kernels w [count, 3, 3] and writes element e of kernel i to to[e * plane + i].
void spread_kernels(const float* w, int64_t count, int64_t plane, float* to);

/// Transforms sums of products, element e of kernel i at from[e * plane + i], back to derivatives
/// by the kernels, by the adjoint of spread_kernels, and writes them (with `accumulate` adds them)
/// to dw [count, 3, 3]. `from` is read in groups of four kernels, up to the next multiple of 4.
void gather_kernels(const float* from, int64_t count, int64_t plane, bool accumulate, float* dw);

}  // namespace medpfl
