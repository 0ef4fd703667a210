#pragma once
#include <ATen/core/Tensor.h>

#include "core/bytes.hpp"

namespace medpfl {

/// Appends shape and values of a float32 or uint8 tensor; one that is undefined too.
void pack_tensor(const at::Tensor& tensor, ByteWriter* out);

/// Reads back what pack_tensor wrote.
at::Tensor unpack_tensor(ByteReader* in);

}  // namespace medpfl
