#pragma once
#include "core/error.hpp"
#include "study/run_context.hpp"

namespace medpfl {

/// Runs a federation and the attacks on it into the folder of the settings, from its checkpoint
/// where `request` resumes one. Returns kOk, or kInterrupted where it stopped with a checkpoint.
/// Collective. Throws AgreedError, or an Error that one rank alone knows.
ExitCode run_federation(const RunContext& context, const RunRequest& request);

}  // namespace medpfl
