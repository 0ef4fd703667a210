#pragma once
#include <cmath>
#include <cstdint>

namespace medpfl {

inline constexpr int kValleySize = 8;

/// The function that reference_lbfgs.py and reference_adam.py lower.
inline double valley(const float* x, float* gradient) {
  double square = 0, value = 0;
  for (int i = 0; i < kValleySize; ++i) square += static_cast<double>(x[i]) * x[i];
  for (int i = 0; i < kValleySize; ++i) {
    const double weight = 0.25 * (i + 1), offset = static_cast<double>(x[i]) - 1;
    value += weight * offset * offset;
    gradient[i] =
        static_cast<float>(2 * weight * offset + 2 * static_cast<double>(x[i]) / (1 + square));
  }
  return value + std::log1p(square);
}

}  // namespace medpfl
