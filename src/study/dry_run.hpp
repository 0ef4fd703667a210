#pragma once
#include "study/run_context.hpp"

namespace medpfl {

/// `medpfl simulate --dry-run`: checks as a run does and prints placement, memory, attack tasks and
/// file sizes; trains nothing and writes nothing. Collective. Throws AgreedError.
void dry_run(const RunContext& context);

/// Prints what an attack on the messages that the run at `input` recorded would do, on rank 0.
/// Collective. Throws AgreedError.
void dry_run_attack(const RunContext& context, const std::string& input);

}  // namespace medpfl
