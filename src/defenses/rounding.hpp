#pragma once
#include "core/random.hpp"

namespace medpfl {

/// How a value between two of a grid finds its place: the nearer one (ties to even), or either,
/// with the chance that makes the mean of the result the value itself.
class Rounding {
 public:
  /// `stream` null: to the nearest. It outlives this.
  explicit Rounding(RandomStream* stream) : stream_(stream) {}

  /// To an integer; |value| < 2^52.
  double to_integer(double value) const;
  /// To a number of a 16-bit type: c10::Half or c10::BFloat16. |value| must not exceed the type's
  /// largest.
  template <class T>
  float to(float value) const;

 private:
  RandomStream* stream_;
};

}  // namespace medpfl
