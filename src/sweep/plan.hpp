#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "config/config.hpp"
#include "config/grid.hpp"
#include "config/unused_options.hpp"

namespace medpfl {

/// What a call of `medpfl sweep` asks for, besides the base configuration.
struct SweepRequest {
  std::string grid_file;        ///< "": the grid with which the sweep in run.output was begun
  std::string index;            ///< a point I, or a share I/N of the points; "": all
  std::string ranks_per_point;  ///< a number; "": all ranks
  bool retry_failed = false;    ///< whether failed points are run again
  double max_walltime = 0;      ///< seconds for the whole call, 0: no limit
};

/// A sweep and the part of it that a call works on.
struct SweepPlan {
  Config base;            ///< the options that points share
  std::string output;     ///< run.output of the base: the folder of the sweep
  std::string grid_text;  ///< text of the grid file
  std::string grid_file;  ///< name of the grid file
  Grid grid;
  std::vector<int64_t> selected;  ///< points the call works on, ascending
  bool is_part = false;           ///< whether the call was asked for some of the points only
  int ranks_per_point = 1;
  std::vector<std::string> answering;  ///< as check_points() says; on rank 0 of plan_sweep() alone

  /// Returns the options that a point sets, in words.
  std::string describe(int64_t point) const;
  /// Returns the configuration of a point's run.
  Config config(int64_t point) const;
};

/// Returns the name of the file with the base options of the sweep that was begun in `output`.
/// Collective. Throws AgreedError where none was begun.
std::string recorded_base(const Communicator& comm, const std::string& output);

/// Returns the plan of a call on `ranks` ranks, made from the text of a grid file. Throws
/// ConfigError where the text is no grid, or the request names points or ranks that do not exist.
SweepPlan make_plan(const Config& base, const std::string& grid_file, const std::string& grid_text,
                    const SweepRequest& request, int ranks);

/// Returns for each point the attacks whose options answer its defenses, as "idlg, modern". Throws
/// ConfigError, which names the point, where a point's options are no valid configuration, two
/// points have the same ones, or an option of the grid is also given on the command line.
std::vector<std::string> check_points(const SweepPlan& plan);

/// Returns the options that can have no effect at any point.
std::vector<UnusedOption> unused_everywhere(const SweepPlan& plan);

/// Reads the grid (rank 0 does), makes the plan and checks its points. Collective. Throws
/// AgreedError.
SweepPlan plan_sweep(const Communicator& comm, const Config& base, const SweepRequest& request);

}  // namespace medpfl
