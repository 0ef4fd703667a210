#pragma once
#include "config/settings.hpp"
#include "core/violations.hpp"

namespace medpfl {

/// Whether each attacked message is of one image.
bool single_images(const Settings& settings);

/// Notes in `wrong` the attacks that cannot work on the messages of this configuration: those that
/// need messages of one image, and those that need changes of weights by local training. Each line
/// says what to set instead.
void check_attacks(const Settings& settings, Violations* wrong);

}  // namespace medpfl
