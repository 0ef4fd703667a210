#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "data/byte_source.hpp"

namespace medpfl {

/// The type of the elements of an array.
struct NpyType {
  char kind = 'u';          ///< 'u', 'i', 'f', 'b', ...
  int64_t item_bytes = 1;   ///< bytes an element
  bool big_endian = false;  ///< byte order of the elements

  bool is_integer() const { return kind == 'u' || kind == 'i'; }
  /// Whether it can be an image's levels: integers, and floating-point numbers of 2, 4 or 8 bytes.
  bool has_levels() const;
  /// The level of full intensity: 255 and 65535 of unsigned integers of 8 and 16 bits, 1 of
  /// floating-point numbers; 0: the type does not say.
  double white() const;
};

/// Header of a NumPy array file (.npy format 1.0 and 2.0), in C order.
struct NpyHeader : NpyType {
  std::string descr;           ///< dtype as written: "|u1", "<i8"
  std::vector<int64_t> shape;  ///< no dimension is negative
  int64_t header_bytes = 0;    ///< offset of the first element in the file

  int64_t count() const;           ///< elements
  std::string shape_text() const;  ///< "(546, 28, 28)"
};

/// Reads the header at the front of a stream. `where` names it in messages. Throws DataError: not
/// .npy, another version, Fortran order, a structured dtype, a malformed header.
NpyHeader read_npy_header(const ByteSource& read, const std::string& where);

/// The integer of this type at `bytes`. Throws DataError where it exceeds int64.
int64_t npy_integer(const NpyType& type, const unsigned char* bytes);

/// The number at `bytes`, of a type that has levels. Throws DataError where it is no finite number,
/// or exceeds int64.
double npy_level(const NpyType& type, const unsigned char* bytes);

}  // namespace medpfl
