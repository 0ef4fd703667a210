#pragma once
#include <cstdint>

namespace medpfl {

/// Sums in float64, in an order that depends on n alone, so equal inputs give equal bits.
double dot(const float* a, const float* b, int64_t n);
double sum(const float* a, int64_t n);

/// <a, a> and <a, b> in one pass over memory.
struct Products {
  double square = 0, cross = 0;
};
Products products(const float* a, const float* b, int64_t n);

/// Largest magnitude; NaN where one is.
float largest(const float* a, int64_t n);

/// y += alpha * x.
void axpy(double alpha, const float* x, float* y, int64_t n);

/// out = from + (alpha * x + beta * y), each of which out may be.
void combine(const float* from, double alpha, const float* x, double beta, const float* y,
             int64_t n, float* out);

}  // namespace medpfl
