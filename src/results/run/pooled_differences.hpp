#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "metrics/paired_difference.hpp"
#include "results/run/sweep_points.hpp"

namespace medpfl {

/// How much more of the same images one attack identified at one setting of a sweep than at
/// another, over the networks that both attacked.
struct PooledDifference {
  std::string setting, against;  ///< as setting_of() says
  std::string method, kind;      ///< of /attacks/summary
  bool control = false;  ///< whether `against` differs in having no defense, and in nothing else
  Estimate difference;   ///< share at `setting` less that at `against`, in [-1, 1]
  int64_t unpaired = 0;  ///< images of either setting that the other did not attack
};

/// Returns the differences between points and those that they are compared with, in the order of
/// the points. Images are paired where the same attack was run on the same image in the same
/// message: of the same round, hospital and number. Attacks without a pair are left out.
std::vector<PooledDifference> pool_differences(const std::map<int64_t, PointOutcomes>& points);

}  // namespace medpfl
