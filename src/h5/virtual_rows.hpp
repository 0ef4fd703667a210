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
  /// Prepares to read `dataset` of `file`, and to compare each row with its row_checksum() in
  /// `checksums`, where the file has such a dataset and the entry is not -1. Throws FormatError
  /// where `dataset` is missing or not virtual, or checksums are not as many as its rows.
  VirtualRows(const File& file, const std::string& dataset, const std::string& checksums = "");

  const Shape& shape() const { return shape_; }  ///< shape of the dataset
  /// Returns all values of one row. Throws FormatError where the file behind the row is missing,
  /// damaged or of another extent, where there is none, or where the checksum does not fit.
  template <class T>
  std::vector<T> read(int64_t row);
  /// Reads a row in the type of the file and drops it. Throws as read().
  void verify(int64_t row);

 private:
  // Opens the file behind a row; `read` reads the row with the given number of a dataset there.
  template <class Read>
  auto from_its_file(int64_t row, const Read& read);
  void check(int64_t row, int64_t checksum) const;

  std::string file_, dataset_, folder_;
  Shape shape_;
  std::vector<VirtualBlock> blocks_;
  std::vector<int64_t> checksums_;
  std::optional<File> open_;
  std::string open_name_;
};

}  // namespace medpfl::h5
