#pragma once
#include "core/random.hpp"

namespace medpfl {

/// Rounds values to a grid: to the nearest grid point (ties to even), or at random to one of the
/// two neighbors, with the probability that makes the expectation the value itself.
class Rounding {
 public:
  /// Rounds at random with numbers from `stream`, which must outlive this object; null: to the
  /// nearest.
  explicit Rounding(RandomStream* stream) : stream_(stream) {}

  /// Returns the value rounded to an integer; |value| must be below 2^52.
  double to_integer(double value) const;
  /// Returns the value rounded to a 16-bit type, c10::Half or c10::BFloat16. |value| must not
  /// exceed the largest number of the type.
  template <class T>
  float to(float value) const;

 private:
  RandomStream* stream_;
};

}  // namespace medpfl
