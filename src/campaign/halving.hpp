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

/// Returns the number of rungs that `restarts`, at least 1, climb: 1 + log2 of them, rounded up.
int64_t rungs_of(int64_t restarts);

/// Returns the iteration, at least 1, at which an attack of `iterations` pauses at the end of a
/// rung, 0 ... rungs - 1: half of that of the next rung. Nothing comes back for the last rung, at
/// whose end nobody waits.
std::optional<int64_t> pause_of(int64_t iterations, int64_t rung, int64_t rungs);

/// Returns the places of the restarts to drop at the end of a rung: those behind the better half of
/// the ones not dropped before, in ascending order of objective, the first of equals being the
/// better one. A restart that ended by itself keeps its place among them and is not dropped.
/// Nothing comes back where some restart has not passed the rung, or has climbed on already.
std::vector<size_t> weak_restarts(const std::vector<Standing>& restarts, int64_t rung);

}  // namespace medpfl
