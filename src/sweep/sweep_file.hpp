#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "results/run/config_record.hpp"
#include "sweep/comparison.hpp"

namespace medpfl {

/// One point of a sweep as sweep.h5 has it.
struct SweepPoint {
  std::string folder;               ///< relative to that of the sweep: "points/00003"
  std::string block;                ///< "" in a grid without blocks
  std::string status = "open";      ///< open | complete | interrupted | failed
  int64_t exit_code = -1;           ///< -1: open
  std::string error;                ///< message of a failed point
  double seconds = 0;               ///< wall time spent on it
  bool has_run = false;             ///< whether there is a run.h5 in its folder
  Comparison stands;                ///< how it stands to the other points
  std::string answering;            ///< attacks that answer its defenses, as SweepPlan has them
  std::vector<std::string> values;  ///< value of each option of the grid; "": not set by the point
};

/// Everything sweep.h5 holds.
struct SweepRecord {
  std::string status = "running";    ///< running | complete | interrupted | failed
  ConfigRecord config;               ///< the options that all points share
  std::string grid;                  ///< text of the grid file
  std::vector<std::string> options;  ///< the options that the grid varies
  std::vector<SweepPoint> points;
};

/// Writes `folder`/sweep.h5 whole: temporary file, fsync, rename. Unless the status is running, the
/// file has the shares of identified images over networks and the differences of settings, for
/// which all complete runs are read. Throws OutputError.
void write_sweep(const std::string& folder, const SweepRecord& record);

}  // namespace medpfl
