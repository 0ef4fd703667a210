#include "h5/extent.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace medpfl::h5 {
namespace {

constexpr hsize_t kMostCompression = 1032;  // of deflate

// Returns the bytes that the values of a dataset can have, whose file has `file` bytes.
hsize_t room_of(hid_t dataset, hsize_t file, const std::string& where) {
  const hsize_t stored = H5Dget_storage_size(dataset);
  const Handle layout(H5Dget_create_plist(dataset), H5Pclose, "read", where);
  // What was never written takes no place, nor does what is in other files.
  if (stored == 0) return file * kMostCompression;
  return std::min(stored, file) * (H5Pget_nfilters(layout) > 0 ? kMostCompression : 1);
}

}  // namespace

size_t count_values(hid_t object, hid_t space, size_t value_size, const std::string& where) {
  const bool attribute = H5Iget_type(object) == H5I_ATTR;
  const Handle file(H5Iget_file_id(object), H5Fclose, "open the file of", where);
  const Handle type(attribute ? H5Aget_type(object) : H5Dget_type(object), H5Tclose, "read", where);
  hsize_t bytes = 0;
  check(H5Fget_filesize(file, &bytes), "measure the file of", where);
  const hssize_t count = H5Sget_select_npoints(space);
  check(static_cast<herr_t>(std::min<hssize_t>(count, 0)), "read", where);
  const auto most = [](hsize_t room, size_t size) { return room / std::max<size_t>(size, 1); };
  const hsize_t room = attribute ? bytes : room_of(object, bytes, where);
  if (static_cast<hsize_t>(count) >
      std::min(most(room, H5Tget_size(type)), most(bytes * kMostCompression, value_size)))
    throw FormatError(fmt::format(
        "{} has {} values of {} bytes, which a file of {} bytes cannot hold; the file is damaged",
        where, count, H5Tget_size(type), bytes));
  return static_cast<size_t>(count);
}

}  // namespace medpfl::h5
