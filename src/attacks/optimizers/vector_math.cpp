#include "attacks/optimizers/vector_math.hpp"

#include <cstring>

#include "kernels/vector_clones.hpp"

namespace medpfl {
namespace {

// Sums side by side: enough to fill wide registers and to hide the latency of additions.
constexpr int64_t kLanes = 32;

double total(const double* sums) {
  double sum = 0;
  for (int64_t k = 0; k < kLanes; ++k) sum += sums[k];
  return sum;
}

}  // namespace

MEDPFL_VECTOR_CLONES double dot(const float* a, const float* b, int64_t n) {
  double sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int64_t k = 0; k < kLanes; ++k)
      sums[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
  for (int64_t k = 0; i + k < n; ++k)
    sums[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
  return total(sums);
}

MEDPFL_VECTOR_CLONES Products products(const float* a, const float* b, int64_t n) {
  double squares[kLanes] = {}, crosses[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) {
      const auto value = static_cast<double>(a[i + k]);
      squares[k] += value * value;
      crosses[k] += value * static_cast<double>(b[i + k]);
    }
  for (int64_t k = 0; i + k < n; ++k) {
    const auto value = static_cast<double>(a[i + k]);
    squares[k] += value * value;
    crosses[k] += value * static_cast<double>(b[i + k]);
  }
  return {total(squares), total(crosses)};
}

MEDPFL_VECTOR_CLONES double sum(const float* a, int64_t n) {
  double sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) sums[k] += static_cast<double>(a[i + k]);
  for (int64_t k = 0; i + k < n; ++k) sums[k] += static_cast<double>(a[i + k]);
  return total(sums);
}

// As integers the bits of magnitudes are in the order of the numbers, and those of NaN come last.
MEDPFL_VECTOR_CLONES float largest(const float* a, int64_t n) {
  int32_t most = 0;
  for (int64_t i = 0; i < n; ++i) {
    int32_t bits = 0;
    std::memcpy(&bits, a + i, sizeof bits);
    bits &= 0x7fffffff;
    most = bits > most ? bits : most;
  }
  float out = 0;
  std::memcpy(&out, &most, sizeof out);
  return out;
}

MEDPFL_VECTOR_CLONES void axpy(double alpha, const float* x, float* y, int64_t n) {
  const auto factor = static_cast<float>(alpha);
  for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

MEDPFL_VECTOR_CLONES void combine(const float* from, double alpha, const float* x, double beta,
                                  const float* y, int64_t n, float* out) {
  const auto a = static_cast<float>(alpha), b = static_cast<float>(beta);
  for (int64_t i = 0; i < n; ++i) out[i] = from[i] + (a * x[i] + b * y[i]);
}

}  // namespace medpfl
