#pragma once
#include <cstdint>
#include <vector>

#include "core/random.hpp"

namespace medpfl {

/// Returns `count` weights, drawn uniformly among those that add up to 1 with none above `largest`
/// >= 1 / count; the greatest comes first.
std::vector<double> mixing_weights(int64_t count, double largest, RandomStream* random);

}  // namespace medpfl
