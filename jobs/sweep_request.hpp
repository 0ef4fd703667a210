#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "config/config.hpp"
#include "config/grid.hpp"
#include "job.hpp"

namespace medpfl {

/// What a call of `medpfl sweep` asks for.
struct SweepRequest {
  Config base;
  std::string output;     ///< run.output of the base: the folder of the sweep
  std::string grid_text;  ///< of the grid file
  std::string grid_file;  ///< its name
  Grid grid;
  std::vector<int64_t> selected;  ///< points of --index, ascending; all without it
  int ranks_per_point = 1;

  /// The options that a point sets.
  std::string describe(int64_t point) const;
  /// The configuration of a point's run.
  Config config(int64_t point) const;
};

/// Reads base and grid (rank 0 does) and checks the options of every point. Without --grid both are
/// those with which the sweep in run.output was begun. Collective. Throws AgreedError.
SweepRequest read_sweep_request(const Communicator& comm, const JobArguments& arguments);

}  // namespace medpfl
