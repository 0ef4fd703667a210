#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "data/byte_source.hpp"

namespace medpfl {

/// Header of a NumPy array file (.npy format 1.0 and 2.0), in C order.
struct NpyHeader {
  std::string descr;           ///< dtype as written: "|u1", "<i8"
  char kind = 'u';             ///< 'u', 'i', 'f', 'b', ...
  int64_t item_bytes = 1;      ///< bytes an element
  bool big_endian = false;     ///< byte order of the elements
  std::vector<int64_t> shape;  ///< no dimension is negative
  int64_t header_bytes = 0;    ///< offset of the first element in the file

  int64_t count() const;           ///< elements
  std::string shape_text() const;  ///< "(546, 28, 28)"
  bool is_integer() const { return kind == 'u' || kind == 'i'; }
};

/// Reads the header at the front of a stream. `where` names it in messages. Throws DataError: not
/// .npy, another version, Fortran order, a structured dtype, a malformed header.
NpyHeader read_npy_header(const ByteSource& read, const std::string& where);

/// The integer of `header`'s dtype at `bytes`. Throws DataError where it exceeds int64.
int64_t npy_integer(const NpyHeader& header, const unsigned char* bytes);

}  // namespace medpfl
