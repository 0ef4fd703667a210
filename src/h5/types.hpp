#pragma once
#include <hdf5.h>

#include <cstdint>

namespace medpfl::h5 {

/// The HDF5 memory type of a C++ type.
template <class T>
hid_t native_type();
template <>
inline hid_t native_type<float>() { return H5T_NATIVE_FLOAT; }
template <>
inline hid_t native_type<double>() { return H5T_NATIVE_DOUBLE; }
template <>
inline hid_t native_type<int64_t>() { return H5T_NATIVE_INT64; }
template <>
inline hid_t native_type<uint8_t>() { return H5T_NATIVE_UINT8; }

}  // namespace medpfl::h5
