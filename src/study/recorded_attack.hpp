#pragma once
#include <string>

#include "core/error.hpp"
#include "study/run_context.hpp"

namespace medpfl {

/// Attacks the gradients that the run at `input` (its folder or its run.h5) recorded, and writes a
/// run of its own into the folder of the settings; trains nothing. Goes on from its checkpoint
/// where `request` resumes one. Returns kOk, or kInterrupted where it stopped with a checkpoint.
/// Collective. Throws AgreedError, or an Error that one rank alone knows.
ExitCode attack_recorded(const RunContext& context, const RunRequest& request,
                         const std::string& input);

}  // namespace medpfl
