#pragma once
#include <string>

#include "comm/rank_group.hpp"
#include "comm/rank_place.hpp"
#include "core/error.hpp"
#include "sweep/folder.hpp"
#include "sweep/plan.hpp"

namespace medpfl {

/// Returns what the terminal shows of a point: its number and its options.
std::string title_of(const SweepPlan& plan, int64_t point);

/// Runs `action`, which is collective in the group. Where there are several groups, an AgreedError
/// of one is not known to the others; it is then thrown as an Error, which ends all ranks.
template <typename Action>
void agree_in(const RankGroup& group, Action action) {
  try {
    action();
  } catch (const AgreedError& error) {
    if (group.count() == 1) throw;
    throw Error(error.code(), error.what());
  }
}

/// Runs one point on the ranks of a group, from its checkpoint where it was begun, and returns how
/// it stands now: complete, interrupted, failed, or "busy" where another process is at work on it,
/// whose state it is then. `max_walltime`: seconds, 0: no limit. Collective in the group. Throws
/// Error where one rank alone knows what went wrong; the point is recorded as failed then.
PointState run_point(const RankGroup& group, const RankPlace& place, const SweepPlan& plan,
                     int64_t point, double max_walltime);

}  // namespace medpfl
