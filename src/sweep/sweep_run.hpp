#pragma once
#include "comm/rank_place.hpp"
#include "core/error.hpp"
#include "sweep/plan.hpp"

namespace medpfl {

/// Works on the points of the plan that are not complete, in groups of ranks, and keeps the index
/// of the sweep. Returns kOk, kInterrupted, the exit code of the first point that failed, or kBusy
/// where a point was left to another process. Without `quiet` each group logs what it does, else
/// only warnings and errors. Collective. Throws AgreedError, or an Error that one rank alone knows.
ExitCode run_sweep(const Communicator& comm, const SweepPlan& plan, const SweepRequest& request,
                   const RankPlace& place, bool quiet);

/// Prints what each point of the plan would need, on the ranks of one group. Collective. Throws
/// AgreedError.
void dry_run_sweep(const Communicator& comm, const SweepPlan& plan, const RankPlace& place);

}  // namespace medpfl
