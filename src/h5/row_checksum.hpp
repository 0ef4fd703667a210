#pragma once
#include <zlib.h>

#include <cstdint>

namespace medpfl::h5 {

/// Returns the CRC-32 of the bytes of a row's values, which are the same in memory and in the file.
template <class T>
int64_t row_checksum(const T* values, int64_t n) {
  return static_cast<int64_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(values), static_cast<size_t>(n) * sizeof(T)));
}

}  // namespace medpfl::h5
