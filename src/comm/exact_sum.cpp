#include "comm/exact_sum.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"

namespace medpfl {
namespace {

[[noreturn]] void out_of_range(double value, int64_t element, const char* what) {
  throw NumericError(fmt::format(
      "{}: element {} is {}, outside the range +-{:.0f} of the exact sum; training or a defense "
      "diverged: lower the learning rate or the noise scale",
      what, element, value, ExactSum::kRange));
}

// Adding and subtracting 1.5 * 2^52 rounds to the nearest integer, ties to even, without a call.
constexpr double kRound = 6755399441055744.0;

}  // namespace

void ExactSum::add(const float* values, int64_t n, double weight, const char* what,
                   int64_t offset) {
  const double scale = weight / kUnit;
  uint64_t* out = sum_.data() + offset;
  bool safe = true;
  for (int64_t i = 0; i < n; ++i) safe &= std::abs(values[i]) <= static_cast<float>(kRange);
  if (!safe)
    for (int64_t i = 0; i < n; ++i)
      if (!(std::abs(values[i]) <= static_cast<float>(kRange))) out_of_range(values[i], i, what);
  for (int64_t i = 0; i < n; ++i) {
    const double scaled = static_cast<double>(values[i]) * scale;
    // Beyond 2^51 a double is an integer but for its last bits, where the trick does not hold.
    const double rounded =
        std::abs(scaled) < 2251799813685248.0 ? (scaled + kRound) - kRound : std::nearbyint(scaled);
    out[i] += static_cast<uint64_t>(static_cast<int64_t>(rounded));
  }
}

void ExactSum::add(double value, double weight, const char* what, int64_t offset) {
  if (!(std::abs(value) <= kRange)) out_of_range(value, offset, what);
  sum_[static_cast<size_t>(offset)] +=
      static_cast<uint64_t>(static_cast<int64_t>(std::nearbyint(value * weight / kUnit)));
}

void ExactSum::reduce(const Communicator& comm) {
  comm.sum_to_root(sum_.data(), static_cast<int64_t>(sum_.size()));
}

void ExactSum::copy_to(float* out, int64_t n, double factor) const {
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>((*this)[i] * factor);
}

}  // namespace medpfl
