#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sweep/folder.hpp"
#include "sweep/plan.hpp"

namespace medpfl {

/// The state of all points of a sweep, as one process sees it in their folder, for the terminal and
/// for the index. Used by rank 0.
class SweepBoard {
 public:
  explicit SweepBoard(const SweepPlan& plan);

  /// Reads the states from the folder again.
  void refresh();
  const PointState& state(int64_t point) const { return states_.at(static_cast<size_t>(point)); }
  /// Returns the first of the points asked for that failed; -1: none.
  int64_t first_failed() const;
  /// Prints a line for each point asked for, the number of points in each state, and which failed.
  void print() const;
  /// Writes sweep.h5, with status running where the sweep goes on (`working`). Throws OutputError.
  void write_index(bool working) const;

 private:
  std::string status() const;

  const SweepPlan& plan_;
  SweepFolder folder_;
  std::vector<PointState> states_;
};

}  // namespace medpfl
