#include "metrics/paired_difference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "metrics/share.hpp"

namespace medpfl {
namespace {

// A share of three kinds of pairs, each seen once more: few pairs do not seem certain.
double shrunk(double share, double pairs) { return (share * pairs + 1) / (pairs + 3); }

// The variance of one pair's difference.
double variance(double first, double second) {
  return first + second - (first - second) * (first - second);
}

}  // namespace

std::pair<double, double> difference_interval(double first, double second, double pairs) {
  const auto [first_low, first_high] = exact_interval(first, pairs);
  const auto [second_low, second_high] = exact_interval(second, pairs);
  // Two shares of one whole: where one is great, the other is small.
  const double a = shrunk(first, pairs), b = shrunk(second, pairs);
  const double correlation = -std::sqrt(a * b / ((1 - a) * (1 - b)));
  const auto distance = [&](double x, double y) {
    return std::sqrt(x * x - 2 * correlation * x * y + y * y);
  };
  const double seen = first - second;
  return {std::max(-1.0, seen - distance(first - first_low, second_high - second)),
          std::min(1.0, seen + distance(first_high - first, second - second_low))};
}

Estimate difference_of(const std::vector<CrossedValue>& differences) {
  if (differences.empty()) {
    Estimate none;
    none.value = std::numeric_limits<double>::quiet_NaN();
    none.low = -1;
    return none;
  }
  const auto n = static_cast<double>(differences.size());
  const auto share_with = [&](double value) {
    const auto with = std::count_if(differences.begin(), differences.end(),
                                    [&](const CrossedValue& d) { return d.value == value; });
    return static_cast<double>(with) / n;
  };
  const double first = share_with(1), second = share_with(-1);
  const double of_one = variance(first, second);
  const double greater = std::max(of_one, variance(shrunk(first, n), shrunk(second, n)));
  Estimate s = crossed_estimate(differences, first - second, {of_one, greater});
  if (s.inferred) std::tie(s.low, s.high) = difference_interval(first, second, s.effective);
  return s;
}

}  // namespace medpfl
