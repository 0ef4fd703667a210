#pragma once
#include "config/settings.hpp"
#include "core/violations.hpp"

namespace medpfl {

/// Notes in `wrong` what the attacks of a configuration need and its messages are not, with what to
/// set instead: messages of one image, or changes of weights by local training.
void check_attacks(const Settings& settings, Violations* wrong);

}  // namespace medpfl
