#pragma once
#include "core/words.hpp"

namespace medpfl {

/// How updates are added up: exactly, to the same bits on any number of ranks, or in float32.
enum class SumKind { kExact, kFast };
const Words<SumKind>& words_of(SumKind);

}  // namespace medpfl
