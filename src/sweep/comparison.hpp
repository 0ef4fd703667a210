#pragma once
#include <cstdint>
#include <vector>

#include "sweep/plan.hpp"

namespace medpfl {

/// How a point of a sweep stands to the others.
struct Comparison {
  bool defended = false;  ///< whether defense.chain names a defense
  /// Number of the first point that is equal in all options besides run.seed and [attack.*]. Points
  /// with the same number send the same messages under the same run.seed.
  int64_t messages = 0;
  int64_t point = -1;    ///< the point it is compared with, of the same run.seed; -1: none
  bool control = false;  ///< whether the two differ in that the other has no defense, and in
                         ///< nothing else
};

/// Returns how each point stands to the others, by the options of the grid. A setting is what
/// all options besides run.seed make. One with a defense has as its control the first setting that
/// has none (defense.chain is empty) and is equal in all options besides [defense.*]. Other
/// settings, and those without a control, are compared with the first setting of the sweep, which
/// is compared with none.
std::vector<Comparison> compare_points(const SweepPlan& plan);

}  // namespace medpfl
