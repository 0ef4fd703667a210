#pragma once
#include "study/run_context.hpp"

namespace medpfl {

/// `medpfl simulate --dry-run`: checks as a run does and prints placement, memory, attack tasks and
/// file sizes; trains nothing and writes nothing. Collective. Throws AgreedError.
void dry_run(const RunContext& context);

}  // namespace medpfl
