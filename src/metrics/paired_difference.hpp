#pragma once
#include <utility>
#include <vector>

#include "metrics/crossed_factors.hpp"

namespace medpfl {

/// Returns the limits of an interval for the difference of two shares of the same outcomes, that of
/// so many independent pairs, a number above 0 that need not be whole. `first` is the share of
/// pairs that succeeded in the first set alone, `second` of those in the second set alone. The
/// distances from the difference to its limits are those of the two shares' exact_interval(),
/// combined as those of correlated numbers (Zou and Donner 2008). Where no pair differs these are
/// the limits for 0 successes, to either side.
std::pair<double, double> difference_interval(double first, double second, double pairs);

/// Returns the mean of paired differences with an interval of 95 %. A value is 1 where an attack
/// succeeded in the first set alone, -1 where it did in the second alone, and else 0; the two were
/// seen on the same image under the same network. The interval is difference_interval() for as many
/// independent pairs as crossed_estimate() finds these to be worth; limits are in [-1, 1].
Estimate difference_of(const std::vector<CrossedValue>& differences);

}  // namespace medpfl
