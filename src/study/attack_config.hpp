#pragma once
#include <string>

#include "config/settings.hpp"

namespace medpfl {

/// Returns the configuration of the run at `input`, a run's folder or its run.h5. What was a
/// default there has the source kDefault, and so has what that run had adapted to its defenses
/// (config/adaptation.hpp), set back to the default. Rank 0 reads it.
/// Collective. Throws AgreedError.
Config recorded_config(const Communicator& comm, const std::string& input);

/// Throws ConfigError, with a line for each option, where `config` changes an option of the run at
/// `input`, recorded under `recorded`, that decided what was recorded: attack.threat, and every
/// option that is not in [run], [checkpoint], [attack] or [attack.NAME].
void refuse_changed_record(const Config& recorded, const Config& config, const std::string& input);

/// Throws ConfigError where the settings ask for an attack that recorded messages do not allow.
void check_attack_settings(const Settings& settings, const std::string& input);

/// Throws ConfigError where run.output is the run at `input` itself. Looks at the disk.
void check_attack_output(const std::string& output, const std::string& input);

}  // namespace medpfl
