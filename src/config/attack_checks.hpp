#pragma once
#include "config/settings.hpp"
#include "core/violations.hpp"

namespace medpfl {

/// Notes in `wrong` the attacks that need changes of weights by local training where messages are
/// none. Each line says what to set instead.
void check_attacks(const Settings& settings, Violations* wrong);

}  // namespace medpfl
