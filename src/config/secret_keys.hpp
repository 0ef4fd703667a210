#pragma once
#include "config/config.hpp"
#include "privacy/run_seeds.hpp"

namespace medpfl {

/// Returns the keys of noise and masks for a checked configuration. The noise key lists, one a
/// line, the options that determine what hospitals send, of the sections and components in use,
/// with numbers in one notation. Two runs with the same run.seed and inputs (over_inputs) share
/// noise only where this key is equal, and then they send equal messages. The key of the
/// masks also lists the options of secure aggregation.
SecretKeys secret_keys(const Config& config);

}  // namespace medpfl
