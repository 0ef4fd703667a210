#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "config/config.hpp"
#include "config/grid.hpp"

namespace medpfl {

/// What a call of `medpfl sweep` asks for, besides the base configuration.
struct SweepRequest {
  std::string grid_file;        ///< "": the grid with which the sweep in run.output was begun
  std::string index;            ///< a point I, or a share I/N of the points; "": all
  std::string ranks_per_point;  ///< a number; "": all ranks
  bool retry_failed = false;    ///< failed points are run again
  double max_walltime = 0;      ///< seconds for the whole call, 0: no limit
};

/// A sweep and the part of it that a call works on.
struct SweepPlan {
  Config base;            ///< the options that points share
  std::string output;     ///< run.output of the base: the folder of the sweep
  std::string grid_text;  ///< of the grid file
  std::string grid_file;  ///< its name
  Grid grid;
  std::vector<int64_t> selected;  ///< points the call works on, ascending
  bool is_part = false;           ///< other calls work on the other points
  int ranks_per_point = 1;

  /// Returns the options that a point sets, in words.
  std::string describe(int64_t point) const;
  /// Returns the configuration of a point's run.
  Config config(int64_t point) const;
};

/// Returns the name of the file with the base options of the sweep that was begun in `output`.
/// Collective. Throws AgreedError where none was begun.
std::string recorded_base(const Communicator& comm, const std::string& output);

/// Reads the grid (rank 0 does) and checks the options of every point. Collective. Throws
/// AgreedError.
SweepPlan plan_sweep(const Communicator& comm, const Config& base, const SweepRequest& request);

}  // namespace medpfl
