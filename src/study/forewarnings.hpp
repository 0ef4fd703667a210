#pragma once
#include "study/federated_study.hpp"

namespace medpfl {

/// Warns of the messages that attack.targets=auto leaves out. To be called on rank 0.
void warn_of_untested(const Settings& settings);

/// Warns where attacked hospitals hold fewer images than attack.probes asks for. To be called on
/// rank 0.
void warn_of_small_shards(const Settings& settings, const FederatedData& data);

/// Warns where updates of up to `steps` local steps are attacked as if each were one gradient, and
/// by no attack that is made for them. To be called on rank 0.
void warn_of_local_steps(const Settings& settings, int64_t steps);

/// Warns where there is a chain of defenses and no attack is adapted to all of it, so that the
/// chain was not tested; and of attacks that compute with single entries of messages where these
/// are not exact. To be called on rank 0.
void warn_of_defenses(const Settings& settings);

/// Warns where batch normalization would normalize nothing in the whole run, because its statistics
/// in `global`, the first weights, are untouched and stay so. To be called on rank 0.
void warn_of_untouched_statistics(const Settings& settings, const Model& model,
                                  const FlatParameters& global);

/// Logs how large the files of the run will be and throws OutputError where the disk has no room
/// for them: before anything is written, so that a run that cannot be kept costs no training.
/// Collective. Throws AgreedError.
void announce_files(const RunContext& context, const FederatedStudy& study);

}  // namespace medpfl
