#pragma once
#include <cstdint>

namespace medpfl {

/// Returns <a, b>, summed in float64 in an order that depends on n alone, so that equal inputs give
/// equal bits.
double dot(const float* a, const float* b, int64_t n);
double sum(const float* a, int64_t n);

/// The products <a, a> and <a, b>, computed in one pass over memory.
struct Products {
  double square = 0, cross = 0;
};
Products products(const float* a, const float* b, int64_t n);

/// Returns the largest magnitude; NaN where a number is NaN.
float largest(const float* a, int64_t n);

/// Adds alpha * x to y.
void axpy(double alpha, const float* x, float* y, int64_t n);

/// Sets out = from + (alpha * x + beta * y); `out` may be any of the three arrays.
void combine(const float* from, double alpha, const float* x, double beta, const float* y,
             int64_t n, float* out);

}  // namespace medpfl
