#pragma once
#include <cstdint>

#include "config/config.hpp"

namespace medpfl {

/// Sets each value of a defense that changes over the rounds of a federation (RoundSchedule) to the
/// one that it has in `round` of `rounds`, for a run that plays this round alone.
void freeze_schedules(int64_t round, int64_t rounds, const std::string& source, Config* config);

}  // namespace medpfl
