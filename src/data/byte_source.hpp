#pragma once
#include <cstddef>
#include <functional>

namespace medpfl {

/// Fills `out` with the next `bytes` bytes of a stream, or throws DataError.
using ByteSource = std::function<void(void* out, size_t bytes)>;

}  // namespace medpfl
