#include "comm/fast_sum.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace medpfl {
namespace {

// False for NaN too.
bool finite(float value) { return std::abs(value) <= std::numeric_limits<float>::max(); }

[[noreturn]] void not_finite(double value, int64_t element, const char* what) {
  throw NumericError(
      fmt::format("{}: element {} is {}, which no sum can hold; training or a defense diverged: "
                  "lower the learning rate or the noise scale",
                  what, element, value));
}

}  // namespace

void FastSum::add(const float* values, int64_t n, double weight, const char* what, int64_t offset) {
  bool safe = true;
  for (int64_t i = 0; i < n; ++i) safe &= finite(values[i]);
  if (!safe)
    for (int64_t i = 0; i < n; ++i)
      if (!finite(values[i])) not_finite(values[i], i, what);
  const auto scale = static_cast<float>(weight);
  float* out = sum_.data() + offset;
  for (int64_t i = 0; i < n; ++i) out[i] += scale * values[i];
}

void FastSum::add(double value, double weight, const char* what, int64_t offset) {
  if (!finite(static_cast<float>(value))) not_finite(value, offset, what);
  sum_[static_cast<size_t>(offset)] += static_cast<float>(weight * value);
}

void FastSum::reduce(const Communicator& comm) {
  comm.sum_to_root(sum_.data(), static_cast<int64_t>(sum_.size()));
}

}  // namespace medpfl
