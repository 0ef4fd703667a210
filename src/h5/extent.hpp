#pragma once
#include <cstddef>
#include <string>

#include "h5/handle.hpp"

namespace medpfl::h5 {

/// Returns how many values are selected of the `space` of a dataset or an attribute, each of which
/// will take `value_size` bytes of memory. Throws FormatError where these are more values than its
/// file can hold, however well they are compressed: the extent of a damaged file may be anything.
size_t count_values(hid_t object, hid_t space, size_t value_size, const std::string& where);

}  // namespace medpfl::h5
