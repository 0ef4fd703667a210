#pragma once
#include <string>

#include "config/settings.hpp"
#include "core/violations.hpp"

namespace medpfl {

/// Decides on which kinds of messages each attack is run, as attack.targets has it: fills in the
/// kinds of all methods and of s->targets, and what is left out. Notes in `wrong` the kinds that
/// are named and cannot be attacked, and the attacks that can work on no message of this
/// configuration; each line says what to set instead.
void choose_targets(Settings* s, Violations* wrong);

/// Whether there are messages on which an attack of this name with these facts is run, and each of
/// them is of one image. Of the settings only the options and the defenses are needed.
bool reads_single_images(const Settings& s, const std::string& method, const AttackFacts& facts);

}  // namespace medpfl
