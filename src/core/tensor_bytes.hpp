#pragma once
#include <ATen/core/Tensor.h>

#include "core/bytes.hpp"
#include "core/flat_parameters.hpp"

namespace medpfl {

/// Appends shape and values of a float32 or uint8 tensor; one that is undefined too.
void pack_tensor(const at::Tensor& tensor, ByteWriter* out);

/// Reads back what pack_tensor wrote.
at::Tensor unpack_tensor(ByteReader* in);

/// Appends the values of a vector; one without values, too.
void pack_flat(const FlatParameters& parameters, ByteWriter* out);

/// Reads back what pack_flat wrote: a vector of this layout, or one without values. Throws Error
/// where it has another length.
FlatParameters unpack_flat(const ParameterLayout& layout, ByteReader* in);

}  // namespace medpfl
