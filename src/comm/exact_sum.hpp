#pragma once
#include <cstdint>
#include <vector>

#include "comm/communicator.hpp"

namespace medpfl {

/// A weighted mean of vectors that is the same for any number of ranks and any order: each term is
/// rounded to 64-bit fixed point (unit 2^-42, about 2.3e-13) and integers are added. Weights sum to at
/// most one, so any terms within +-2^20 (about a million) are safe, however many there are.
class ExactSum {
 public:
  static constexpr double kUnit = 1.0 / (int64_t{1} << 42);
  static constexpr double kRange = int64_t{1} << 20;

  /// A sum of vectors of `n` elements, zero.
  explicit ExactSum(int64_t n) : sum_(static_cast<size_t>(n)) {}

  /// sum += weight * values; 0 <= weight <= 1. Throws NumericError that names `what` on NaN or a value
  /// beyond the range.
  void add(const float* values, int64_t n, double weight, const char* what, int64_t offset = 0);
  void add(double value, double weight, const char* what, int64_t offset);

  /// Adds up the sums of all ranks on rank 0. Collective.
  void reduce(const Communicator& comm);

  /// Element `i` of the sum (after reduce, on rank 0: of all ranks).
  double operator[](int64_t i) const {
    return static_cast<double>(sum_[static_cast<size_t>(i)]) * kUnit;
  }
  int64_t size() const { return static_cast<int64_t>(sum_.size()); }
  void clear() { std::fill(sum_.begin(), sum_.end(), 0); }

 private:
  std::vector<int64_t> sum_;
};

}  // namespace medpfl
