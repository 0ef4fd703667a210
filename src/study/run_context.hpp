#pragma once
#include "comm/rank_place.hpp"
#include "config/config.hpp"
#include "config/settings.hpp"

namespace medpfl {

/// What one run is given: its ranks, its options, and where this rank computes. All of it must
/// outlive the run.
struct RunContext {
  const Communicator& comm;  ///< the ranks that work on the run; the first of them is the server
  const Config& config;
  const Settings& settings;  ///< the settings that `config` means
  const RankPlace& place;    ///< where this rank runs
};

/// What a call asks of a run, besides its options.
struct RunRequest {
  bool resume = false;      ///< whether to go on from the checkpoint in the run's folder, if any
  double max_walltime = 0;  ///< seconds after which the run must have stopped; 0: no limit
};

}  // namespace medpfl
