#include "h5/extent.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace medpfl::h5 {

size_t count_values(hid_t object, hid_t space, size_t value_size, const std::string& where) {
  constexpr hsize_t kMostCompression = 1032;  // of deflate
  const Handle file(H5Iget_file_id(object), H5Fclose, "open the file of", where);
  hsize_t bytes = 0;
  check(H5Fget_filesize(file, &bytes), "measure the file of", where);
  const hssize_t count = H5Sget_select_npoints(space);
  check(static_cast<herr_t>(std::min<hssize_t>(count, 0)), "read", where);
  const hsize_t room = bytes * kMostCompression / std::max<size_t>(value_size, 1);
  if (static_cast<hsize_t>(count) > room)
    throw FormatError(fmt::format(
        "{} has {} values of {} bytes, which a file of {} bytes cannot hold; the file is damaged",
        where, count, value_size, bytes));
  return static_cast<size_t>(count);
}

}  // namespace medpfl::h5
