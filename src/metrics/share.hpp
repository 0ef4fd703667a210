#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "metrics/crossed_factors.hpp"

namespace medpfl {

/// Whether an attack succeeded on one image, and what that outcome has in common with others.
struct Outcome {
  int64_t image = 0;    ///< as in CrossedValue
  int64_t cluster = 0;  ///< as in CrossedValue
  int64_t network = 0;  ///< as in CrossedValue
  bool success = false;
};

/// The share of successes, in [0, 1], and what can be said about it beyond the outcomes seen.
using Share = Estimate;

/// Returns the limits of Clopper and Pearson's interval for a share in [0, 1] of so many
/// independent outcomes, a number above 0 that need not be whole. `tail` is the probability that it
/// leaves out on either side.
std::pair<double, double> exact_interval(double share, double outcomes, double tail = kTail);

/// Returns the share of successes with the interval of Clopper and Pearson for as many independent
/// outcomes as crossed_estimate() finds these to be worth, an interval of 95 % with the usual tail.
/// For independent images under one network it is the exact interval of Clopper and Pearson.
Share share_of(const std::vector<Outcome>& outcomes, double tail = kTail);

}  // namespace medpfl
