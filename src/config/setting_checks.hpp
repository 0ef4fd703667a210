#pragma once
#include "config/settings.hpp"
#include "core/violations.hpp"

namespace medpfl {

/// Notes in `wrong` what does not go together between sections: options of the data set and the
/// model, differential privacy and secure aggregation with what is attacked and recorded, and the
/// threat with the block of a malicious server. What an attack needs of messages is not checked.
void check_settings(const Settings& settings, Violations* wrong);

}  // namespace medpfl
