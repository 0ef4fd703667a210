#pragma once
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <hdf5.h>

#include <cstdint>

namespace medpfl::h5 {

/// Returns the HDF5 memory type of a C++ type.
template <class T>
hid_t native_type();
template <>
inline hid_t native_type<float>() {
  return H5T_NATIVE_FLOAT;
}
template <>
inline hid_t native_type<double>() {
  return H5T_NATIVE_DOUBLE;
}
template <>
inline hid_t native_type<int64_t>() {
  return H5T_NATIVE_INT64;
}
template <>
inline hid_t native_type<uint8_t>() {
  return H5T_NATIVE_UINT8;
}

/// Returns IEEE binary16, which h5py reads as float16.
template <>
hid_t native_type<c10::Half>();
/// Returns bfloat16 as an HDF5 floating-point type: HDF5 converts it to float32 by itself, h5py and
/// h5dump show numbers.
template <>
hid_t native_type<c10::BFloat16>();

}  // namespace medpfl::h5
