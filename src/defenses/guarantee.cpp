#include "defenses/guarantee.hpp"

#include <algorithm>
#include <cmath>

namespace medpfl {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

Guarantee noised(Guarantee before, Guarantee::Noise noise, double multiplier) {
  if (before.noise != Guarantee::Noise::kNone || before.bound == kUnbounded) return before;
  before.noise = noise;
  before.multiplier = multiplier;
  return before;
}

}  // namespace

Guarantee after_clipping(Guarantee before, double bound) {
  if (before.noise == Guarantee::Noise::kNone) before.bound = std::min(before.bound, bound);
  return before;
}

Guarantee after_gaussian(Guarantee before, double deviation) {
  return noised(before, Guarantee::Noise::kGaussian, deviation / before.bound);
}

Guarantee after_laplace(Guarantee before, double scale, int64_t parameters) {
  return noised(before, Guarantee::Noise::kLaplace,
                scale / (before.bound * std::sqrt(static_cast<double>(parameters))));
}

Guarantee after_unbounded(Guarantee before) {
  if (before.noise == Guarantee::Noise::kNone) before.bound = kUnbounded;
  return before;
}

}  // namespace medpfl
