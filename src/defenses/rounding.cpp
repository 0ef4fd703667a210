#include "defenses/rounding.hpp"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <cmath>

namespace medpfl {

double Rounding::to_integer(double value) const {
  if (stream_ == nullptr) return std::nearbyint(value);
  const double below = std::floor(value);
  return stream_->uniform() < value - below ? below + 1 : below;
}

template <class T>
float Rounding::to(float value) const {
  const T nearest(value);
  const float near = nearest;
  if (stream_ == nullptr || near == value) return near;
  // The neighbor on the other side of the value: magnitudes are ordered as their bits are.
  T other = nearest;
  if (std::fabs(near) < std::fabs(value))
    ++other.x;
  else
    --other.x;
  const double far = static_cast<float>(other);
  const double share = (static_cast<double>(value) - near) / (far - near);
  return stream_->uniform() < share ? static_cast<float>(far) : near;
}

template float Rounding::to<c10::Half>(float) const;
template float Rounding::to<c10::BFloat16>(float) const;

}  // namespace medpfl
