#pragma once
#include <algorithm>
#include <vector>

#include "comm/update_sum.hpp"

namespace medpfl {

/// A weighted sum of vectors in float32: half the bytes of ExactSum and less arithmetic, but the
/// last bits depend on the number of ranks, on which rank hosts which hospital and on the MPI
/// library.
class FastSum final : public UpdateSum {
 public:
  explicit FastSum(int64_t n) : sum_(static_cast<size_t>(n)) {}

  void add(const float* values, int64_t n, double weight, const char* what,
           int64_t offset) override;
  void add(double value, double weight, const char* what, int64_t offset) override;
  void reduce(const Communicator& comm) override;
  void copy_to(float* out, int64_t n, double factor) const override {
    for (int64_t i = 0; i < n; ++i)
      out[i] = static_cast<float>(factor * static_cast<double>(sum_[static_cast<size_t>(i)]));
  }
  double operator[](int64_t i) const override { return sum_[static_cast<size_t>(i)]; }
  void clear() override { std::fill(sum_.begin(), sum_.end(), 0.0F); }

 private:
  std::vector<float> sum_;
};

}  // namespace medpfl
