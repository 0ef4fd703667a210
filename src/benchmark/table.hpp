#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "comm/communicator.hpp"

namespace medpfl {

/// One measurement, beside what the machine allows.
struct BenchmarkRow {
  std::string what;
  double value = 0;
  std::string unit;
  double floor = 0;      ///< what the machine allows, in the same unit; 0: not measured
  std::string floor_is;  ///< what was measured as the floor
};

/// Returns the seconds that the slowest rank takes for `action`: the median of 3 to 7 calls, after
/// one that warms up. Collective.
double seconds(const Communicator& comm, const std::function<void()>& action);

/// Returns the same for two actions, which are called in turn.
std::pair<double, double> seconds_by_turns(const Communicator& comm,
                                           const std::function<void()>& first,
                                           const std::function<void()>& second);

/// Prints the rows as a table.
void show_rows(const std::vector<BenchmarkRow>& rows);

/// Writes the rows to an HDF5 file at `path`, in the format that docs/file_format.md describes.
void write_rows(const std::string& path, const std::vector<BenchmarkRow>& rows, int ranks);

}  // namespace medpfl
