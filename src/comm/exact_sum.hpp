#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "comm/update_sum.hpp"

namespace medpfl {

/// A weighted sum of vectors with the same bits for any number of ranks and any order: each term is
/// rounded to 64-bit fixed point (unit 2^-42, about 2.3e-13) and integers are added. Weights add up
/// to at most one, so any number of terms within +-2^20 (about a million) is safe; larger terms are
/// refused.
class ExactSum final : public UpdateSum {
 public:
  static constexpr double kUnit = 1.0 / (int64_t{1} << 42);
  static constexpr double kRange = int64_t{1} << 20;

  /// Makes a sum of vectors of `n` elements, all zero.
  explicit ExactSum(int64_t n) : sum_(static_cast<size_t>(n)) {}

  void add(const float* values, int64_t n, double weight, const char* what,
           int64_t offset) override;
  void add(double value, double weight, const char* what, int64_t offset) override;
  void reduce(const Communicator& comm) override;
  void copy_to(float* out, int64_t n, double factor) const override;
  double operator[](int64_t i) const override {
    return static_cast<double>(static_cast<int64_t>(sum_[static_cast<size_t>(i)])) * kUnit;
  }
  uint64_t* integers() override { return sum_.data(); }
  void clear() override { std::fill(sum_.begin(), sum_.end(), 0); }

 private:
  std::vector<uint64_t> sum_;  // of signed integers, modulo 2^64
};

}  // namespace medpfl
