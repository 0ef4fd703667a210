#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "metrics/share.hpp"
#include "results/run/sweep_points.hpp"

namespace medpfl {

/// What one attack identified at the points of a sweep that differ in run.seed alone, each of which
/// is another network, and what these points claim of privacy.
struct PooledShare {
  std::string setting;       ///< options of the grid besides run.seed, as setting_of() says
  std::string method, kind;  ///< of /attacks/summary
  Share share;
  int64_t hospitals = 0;  ///< whose messages were attacked; 0 where the server sees only sums
  /// The mean over the images of the bounds on the probability that any attack identifies them
  /// (/attacks/summary/identified_bound); NaN unless all points have one.
  double identified_bound = std::numeric_limits<double>::quiet_NaN();
  /// The greatest epsilon of the points after their last rounds, NaN unless all claim one; and the
  /// greatest /rounds/identification_bound, among kBoundCandidates images.
  double epsilon = std::numeric_limits<double>::quiet_NaN();
  double identification_bound = std::numeric_limits<double>::quiet_NaN();
  std::string claim;  ///< what epsilon is of, and what it leaves out; "" where none is claimed
  /// The mean over images of the probability that one is identified without the messages.
  double chance = std::numeric_limits<double>::quiet_NaN();
  /// What the same attack, with the same budget, identifies with the defense off; NaN: the sweep
  /// has no such setting, or there is no defense.
  double undefended = std::numeric_limits<double>::quiet_NaN();
  int64_t attacks = 1;  ///< that the sweep has on the same messages, each with options of its own
  std::string verdict, verdict_reason;  ///< as judge() says; "" where the index is before 1.2
};

/// Returns the shares, with their verdicts, in the order of the points, of updates before those of
/// probes, then by attack.
std::vector<PooledShare> pool_networks(const std::map<int64_t, PointOutcomes>& points);

}  // namespace medpfl
