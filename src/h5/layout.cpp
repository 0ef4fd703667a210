#include "h5/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "h5/extent.hpp"

namespace medpfl::h5 {

std::vector<hsize_t> extents(const Shape& shape) {
  return std::vector<hsize_t>(shape.begin(), shape.end());
}

Handle simple_space(const Shape& shape) {
  const std::vector<hsize_t> dims = extents(shape);
  return Handle(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose,
                "make", "a dataspace");
}

Handle chunks_of(const Shape& shape, size_t value_size, bool compress) {
  constexpr int64_t kChunkBytes = 1 << 20, kLevel = 1;
  constexpr size_t kMostInHeader = 60'000;  // HDF5 takes below 64 KiB
  Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make", "a property list");
  if (shape.empty() && value_size <= kMostInHeader)
    check(H5Pset_layout(layout, H5D_COMPACT), "make", "a property list");
  if (shape.empty() || std::count(shape.begin(), shape.end(), 0) > 0) return layout;
  auto row_bytes = static_cast<int64_t>(value_size);
  for (size_t i = 1; i < shape.size(); ++i) row_bytes *= shape[i];
  Shape chunk = shape;
  chunk[0] = std::clamp<int64_t>(kChunkBytes / row_bytes, 1, shape[0]);
  check(H5Pset_chunk(layout, static_cast<int>(chunk.size()), extents(chunk).data()), "make",
        "a property list");
  if (compress) {
    check(H5Pset_shuffle(layout), "make", "a property list");
    check(H5Pset_deflate(layout, kLevel), "make", "a property list");
  }
  check(H5Pset_fletcher32(layout), "make", "a property list");
  return layout;
}

SelectedRows::SelectedRows(hid_t file, const std::string& path, const std::string& at, Shape part,
                           int64_t first, int64_t count)
    : where(at),
      dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose, "open", where),
      space(H5Dget_space(dataset), H5Sclose, "read", where) {
  const int64_t rows = part.empty() ? 0 : part[0];
  if (first < 0 || count < 0 || first > rows || count > rows - first)
    throw FormatError(fmt::format("{} has {} rows; there are no rows {} to {}", where, rows, first,
                                  first + count - 1));
  if (part.empty()) throw FormatError(where + " has no rows");
  part[0] = count;
  std::vector<hsize_t> start(part.size(), 0);
  start[0] = static_cast<hsize_t>(first);
  check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, extents(part).data(),
                            nullptr),
        "select rows of", where);
  shape = std::move(part);
}

size_t SelectedRows::values(size_t value_size) const {
  return count_values(dataset, space, value_size, where);
}

void SelectedRows::read(hid_t type, void* to) const {
  check(H5Dread(dataset, type, simple_space(shape), space, H5P_DEFAULT, to), "read", where);
}

}  // namespace medpfl::h5
