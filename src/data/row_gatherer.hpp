#pragma once
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "data/byte_source.hpp"
#include "data/dataset.hpp"
#include "data/npy.hpp"

namespace medpfl {

/// The layout of one image in a stream: levels [height, width, channels], channels 1 or 3.
struct RowShape {
  int64_t height = 0, width = 0, channels = 1;
  NpyType type = {};     ///< type of a level, for which has_levels() holds
  bool fortran = false;  ///< whether the stream has the first level of all images first
  int64_t bytes() const { return height * width * channels * type.item_bytes; }
};

/// Picks images out of streams that can only be read from front to back, keeping one row and the
/// images asked for in memory. Rows are numbered by Manifest::Part::ids.
class RowGatherer {
 public:
  /// Prepares to pick the images at `positions` of a split, and to add to `notes`, if any, what it
  /// sees of them. Throws Error (internal) where a position is not in the split.
  RowGatherer(const Manifest& manifest, Split split, const std::vector<int64_t>& positions,
              const DataRequest& request, ReadNotes* notes);

  /// Whether any of the rows first ... first+count-1 is asked for.
  bool wants(int64_t first, int64_t count) const;

  /// Reads all rows first ... first+count-1 and keeps those asked for; in Fortran order they lie in
  /// memory all at once. `first` must grow from call to call. Throws DataError on levels that are
  /// no numbers, or that are outside 0 to the type's white where no window was asked for.
  void gather(int64_t first, int64_t count, const RowShape& shape, const ByteSource& read);

  /// Returns the images, [n, C, S, S] in the manifest's format and the order of the positions.
  /// Throws DataError where a row was not among those read.
  at::Tensor result() const;

 private:
  using Row = std::vector<unsigned char>;
  void gather_fortran(int64_t first, int64_t count, const RowShape& shape, const ByteSource& read);
  // Keeps row `index`, which is the next one asked for, wherever it is wanted.
  void keep(int64_t index, const RowShape& shape, const Row& row);
  at::Tensor one(int64_t index, const RowShape& shape, const Row& row) const;

  DataRequest request_;
  PixelFormat pixels_;
  ReadNotes* notes_;
  std::vector<std::pair<int64_t, int64_t>> wanted_;  // row, place in images_; sorted
  size_t next_ = 0;
  at::Tensor images_;
};

}  // namespace medpfl
