#pragma once
#include <cstdint>
#include <memory>

#include "comm/communicator.hpp"
#include "comm/sum_kind.hpp"

namespace medpfl {

/// A weighted sum of the hospitals' vectors in a round: every rank adds the terms of its own
/// hospitals, and one reduction adds them up on rank 0. Scalars (a loss, a flag) may travel as
/// elements behind the vectors.
class UpdateSum {
 public:
  virtual ~UpdateSum() = default;

  /// Adds weight * values to elements offset ... offset + n - 1; 0 <= weight <= 1. Throws
  /// NumericError that names `what` on NaN, infinity or a value the sum cannot hold, and adds
  /// nothing then.
  virtual void add(const float* values, int64_t n, double weight, const char* what,
                   int64_t offset) = 0;
  /// Adds weight * value to element `offset`; otherwise the same.
  virtual void add(double value, double weight, const char* what, int64_t offset) = 0;
  /// Adds up the sums of all ranks on rank 0; elsewhere the sum is undefined until it is cleared.
  /// Collective.
  virtual void reduce(const Communicator& comm) = 0;
  /// Fills `out` with `factor` times the first `n` elements, as float32.
  virtual void copy_to(float* out, int64_t n, double factor) const = 0;
  /// Returns element i.
  virtual double operator[](int64_t i) const = 0;
  /// Returns the integers that the sum consists of, modulo 2^64, so that masks can be added to
  /// them; null where the sum is no sum of integers.
  virtual uint64_t* integers() { return nullptr; }
  /// Sets all elements to zero.
  virtual void clear() = 0;
};

/// Returns a sum of `n` elements, all zero.
std::unique_ptr<UpdateSum> make_update_sum(SumKind kind, int64_t n);

}  // namespace medpfl
