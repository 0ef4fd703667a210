#include "core/time_left.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace medpfl {

std::string TimeLeft::show(double seconds) {
  const bool slower = seconds > least_ + 1;
  least_ = std::min(least_, seconds);
  const auto whole = static_cast<int64_t>(std::ceil(least_));
  const std::string time = fmt::format("{}:{:02d} left", whole / 60, whole % 60);
  return slower ? time + " or more" : fmt::format("{} {}", kind_, time);
}

}  // namespace medpfl
