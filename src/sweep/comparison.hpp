#pragma once
#include <cstdint>
#include <vector>

#include "sweep/plan.hpp"

namespace medpfl {

/// What a point of a sweep is compared with.
struct Comparison {
  int64_t point = -1;    ///< number of the other point, which has the same run.seed; -1: none
  bool control = false;  ///< whether the two differ in that the other has no defense, and in
                         ///< nothing else
};

/// Returns for each point what it is compared with, by the options of the grid. A setting is what
/// all options besides run.seed make. One with a defense has as its control the first setting that
/// has none (defense.chain is empty) and is equal in all options besides [defense.*]. Other
/// settings, and those without a control, are compared with the first setting of the sweep, which
/// is compared with none.
std::vector<Comparison> compare_points(const SweepPlan& plan);

}  // namespace medpfl
