#pragma once
#include "config/config.hpp"
#include "privacy/run_seeds.hpp"

namespace medpfl {

/// The options that determine what hospitals send, with their values, as text: of sections and
/// components in use, numbers in one notation, a line each. Two runs of one run.seed and the same
/// inputs (over_inputs) draw the same noise only where they are equal, and so the messages under
/// the noise are. The masks' key has besides what secure aggregation does. `config` is checked.
SecretKeys secret_keys(const Config& config);

}  // namespace medpfl
