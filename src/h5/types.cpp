#include "h5/types.hpp"

#include "h5/handle.hpp"

namespace medpfl::h5 {
namespace {

// HDF5 1.10 has no 16-bit floating-point types of its own, but takes any layout of the bits.
hid_t float_of_16_bits(size_t exponent, size_t mantissa, size_t bias) {
  const hid_t type = H5Tcopy(H5T_NATIVE_FLOAT);
  check(H5Tset_fields(type, 15, mantissa, exponent, 0, mantissa), "make", "a 16-bit type");
  check(H5Tset_size(type, 2), "make", "a 16-bit type");
  check(H5Tset_ebias(type, bias), "make", "a 16-bit type");
  return type;
}

}  // namespace

// Made once and left to HDF5, which frees all types when it ends.
template <>
hid_t native_type<c10::Half>() {
  static const hid_t type = float_of_16_bits(5, 10, 15);
  return type;
}

template <>
hid_t native_type<c10::BFloat16>() {
  static const hid_t type = float_of_16_bits(8, 7, 127);
  return type;
}

}  // namespace medpfl::h5
