#pragma once
#include "config/settings.hpp"
#include "core/violations.hpp"

namespace medpfl {

/// Notes in `wrong` the values that do not fit each other: options of the data set and the model;
/// batches that a defense draws, or secure aggregation, with what is attacked and recorded; the
/// threat with the block of a malicious server. What attacks need of messages is left to
/// check_attacks().
void check_settings(const Settings& settings, Violations* wrong);

}  // namespace medpfl
