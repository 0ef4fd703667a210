#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "data/byte_source.hpp"

namespace medpfl {

/// The type of the elements of a NumPy array.
struct NpyType {
  char kind = 'u';          ///< 'u', 'i', 'f', 'b', ...
  int64_t item_bytes = 1;   ///< bytes of an element
  bool big_endian = false;  ///< byte order of the elements

  bool is_integer() const { return kind == 'u' || kind == 'i'; }
  /// Whether elements can be an image's levels: integers, or floating-point numbers of 2, 4 or 8
  /// bytes.
  bool has_levels() const;
  /// Returns the level of full intensity: 255 and 65535 for unsigned integers of 8 and 16 bits, 1
  /// for floating-point numbers, 0 where the type does not say.
  double white() const;
};

/// The header of a NumPy array file (.npy format 1.0 or 2.0).
struct NpyHeader : NpyType {
  std::string where;           ///< names the array in messages: "'path':key"
  std::string descr;           ///< dtype as written: "|u1", "<i8"
  std::vector<int64_t> shape;  ///< no dimension is negative
  bool fortran = false;        ///< whether the first index runs fastest, else the last one
  int64_t header_bytes = 0;    ///< offset of the first element in the file

  int64_t count() const;           ///< number of elements
  std::string shape_text() const;  ///< the shape as NumPy writes it, "(546, 28, 28)"
};

/// Reads the header at the front of a stream, which `where` names in messages. Throws DataError
/// where the stream is no .npy file, of another version, of a structured dtype, or has a malformed
/// header.
NpyHeader read_npy_header(const ByteSource& read, const std::string& where);

/// Returns the integer of this type at `bytes`. Throws DataError where it exceeds int64.
int64_t npy_integer(const NpyType& type, const unsigned char* bytes);

/// Returns the number at `bytes`, of a type that has levels. Throws DataError where it is no finite
/// number, or exceeds int64.
double npy_level(const NpyType& type, const unsigned char* bytes);

}  // namespace medpfl
