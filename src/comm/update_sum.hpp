#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "comm/communicator.hpp"

namespace medpfl {

/// The weighted sum of vectors that a round ends in: every rank adds the terms of its own
/// hospitals, one reduction brings them together on rank 0. Scalars (a loss, a flag) may travel as
/// elements behind the vectors.
class UpdateSum {
 public:
  virtual ~UpdateSum() = default;

  /// Elements offset ... offset + n - 1 += weight * values; 0 <= weight <= 1. Throws NumericError
  /// that names `what` on NaN, infinity or a value the sum cannot hold, and adds nothing then.
  virtual void add(const float* values, int64_t n, double weight, const char* what,
                   int64_t offset) = 0;
  /// The same for one value.
  virtual void add(double value, double weight, const char* what, int64_t offset) = 0;
  /// Adds up the sums of all ranks on rank 0; elsewhere the sum is undefined until cleared.
  /// Collective.
  virtual void reduce(const Communicator& comm) = 0;
  /// `factor` times the first `n` elements, as float32.
  virtual void copy_to(float* out, int64_t n, double factor) const = 0;
  virtual double operator[](int64_t i) const = 0;
  /// The integers it adds up, modulo 2^64, so that masks can be added to them; null where it has
  /// none.
  virtual uint64_t* integers() { return nullptr; }
  /// All zero.
  virtual void clear() = 0;
};

/// exact, fast.
std::vector<std::string> update_sum_names();

/// A sum of `n` elements, zero. `kind`: one of update_sum_names().
std::unique_ptr<UpdateSum> make_update_sum(const std::string& kind, int64_t n);

}  // namespace medpfl
