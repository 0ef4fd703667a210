#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "h5/file.hpp"

namespace medpfl::h5 {

/// Reads rows of a virtual dataset straight from the files behind it: HDF5 itself would show a
/// missing file as zeros. Used by one process; keeps the last file open.
class VirtualRows {
 public:
  /// Throws FormatError: no such dataset, or not a virtual one.
  VirtualRows(const File& file, const std::string& dataset);

  const Shape& shape() const { return shape_; }  ///< of the dataset
  /// All values of one row. Throws FormatError: no source of the row, or a missing or damaged one,
  /// or one of another extent.
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
