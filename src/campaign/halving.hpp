#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "campaign/choosing.hpp"

namespace medpfl {

// Successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943): the n restarts of a case and
// method climb rungs together. At the end of each rung but the last the half of greater objective
// is dropped, until one restart is left, which goes on to its end.

/// Returns how many rungs `restarts` (at least 1) climb: 1 + log2(restarts), rounded up.
int64_t rungs_of(int64_t restarts);

/// Returns the iteration, at least 1, at which an attack of `iterations` pauses at the end of
/// `rung` (0 ... rungs - 1): half of that of the next rung. Returns nothing for the last rung, at
/// whose end no attack waits for another.
std::optional<int64_t> pause_of(int64_t iterations, int64_t rung, int64_t rungs);

/// Returns the iterations that the restart at `place` (0: the best) of so many makes at most, of an
/// attack of `iterations`: it climbs while as many restarts go on.
int64_t iterations_of_place(int64_t iterations, int64_t place, int64_t restarts);

/// Returns the indices of the restarts to drop at the end of a rung: the worse half, by objective,
/// of those not dropped before; of equals the first counts as better. A restart that ended by
/// itself keeps its place in this order but is not dropped. Returns no indices where some restart
/// has not passed the rung, or has climbed on already.
std::vector<size_t> weak_restarts(const std::vector<Standing>& restarts, int64_t rung);

}  // namespace medpfl
