#pragma once
#include <string>

#include "config/config.hpp"
#include "results/run/config_record.hpp"

namespace medpfl {

/// Returns what a result file keeps of the configuration.
ConfigRecord record_config(const Config& config);

/// Throws ConfigError that begins with `where` when `config` differs from the INI text `there` by
/// more than what a run may be continued with, as none of it changes the results.
void refuse_other_config(const Config& config, const std::string& there, const std::string& where);

}  // namespace medpfl
