#pragma once
#include <cstdint>

namespace medpfl {

/// a . b; the order of additions is fixed, so equal inputs give equal bits. Eight float64 sums run
/// side by side, which the compiler turns into vector instructions.
inline double dot(const float* a, const float* b, int64_t n) {
  double sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int64_t k = 0; k < 8; ++k)
      sums[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
  double sum = 0;
  for (; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  for (const double part : sums) sum += part;
  return sum;
}

/// y += alpha * x.
inline void axpy(double alpha, const float* x, float* y, int64_t n) {
  const auto factor = static_cast<float>(alpha);
  for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

}  // namespace medpfl
