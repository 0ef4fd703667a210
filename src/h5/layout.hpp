#pragma once
#include <string>
#include <vector>

#include "h5/file.hpp"
#include "h5/handle.hpp"

namespace medpfl::h5 {

/// Returns a shape as HDF5 takes it.
std::vector<hsize_t> extents(const Shape& shape);

/// Returns a dataspace of fixed extents.
Handle simple_space(const Shape& shape);

/// Returns how datasets are stored: in chunks of about a MiB, each with a checksum that HDF5
/// compares when it reads, and compressed where asked. `value_size`: bytes of a value. A scalar is
/// stored in the header of its dataset, which has a checksum, unless it is too long for that.
Handle chunks_of(const Shape& shape, size_t value_size, bool compress);

/// Rows of a dataset that are to be read.
struct SelectedRows {
  /// Selects rows first ... first + count - 1. `path`: in the file; `at`: what errors call it;
  /// `shape`: that of the dataset. Throws FormatError where there are no such rows.
  SelectedRows(hid_t file, const std::string& path, const std::string& at, Shape shape,
               int64_t first, int64_t count);
  /// Returns how many values they have, each of which will take `value_size` bytes of memory.
  /// Throws FormatError where these are more than the file can hold.
  size_t values(size_t value_size) const;
  /// Reads them into memory for their values, each of the type.
  void read(hid_t type, void* to) const;

  std::string where;
  Handle dataset, space;
  Shape shape;  ///< of what is selected
};

}  // namespace medpfl::h5
