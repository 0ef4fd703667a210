#pragma once
#include <string>

#include "config/config.hpp"
#include "results/run/config_record.hpp"

namespace medpfl {

/// Returns what a result file keeps of the configuration.
ConfigRecord record_config(const Config& config);

/// Throws ConfigError that begins with `where` and lists the options in which `config` differs from
/// the INI text `there`. Options that change no results, with which a run may go on, do not count.
void refuse_other_config(const Config& config, const std::string& there, const std::string& where);

}  // namespace medpfl
