#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "h5/file.hpp"

namespace medpfl::h5 {

/// Reads rows of a virtual dataset directly from the files behind it: HDF5 itself would show a
/// missing file as zeros. Used by one process; keeps the last file open.
class VirtualRows {
 public:
  /// Prepares to read `dataset` of `file`. Throws FormatError where it is missing or not virtual.
  VirtualRows(const File& file, const std::string& dataset);

  const Shape& shape() const { return shape_; }  ///< shape of the dataset
  /// Returns all values of one row. Throws FormatError where the file behind the row is missing,
  /// damaged or of another extent, or where there is none.
  template <class T>
  std::vector<T> read(int64_t row);

 private:
  std::string file_, dataset_, folder_;
  Shape shape_;
  std::vector<VirtualBlock> blocks_;
  std::optional<File> open_;
  std::string open_name_;
};

}  // namespace medpfl::h5
