#pragma once
#include "core/words.hpp"

namespace medpfl {

/// How the gradient of a matching objective is computed: by LibTorch's double backward, by
/// differences of first-order gradients, or by our own tangent passes (matching_engine.hpp).
enum class EngineKind { kExact, kPearlmutter, kNative };
const Words<EngineKind>& words_of(EngineKind);

}  // namespace medpfl
