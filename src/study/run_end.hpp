#pragma once
#include <string>

#include "core/error.hpp"

namespace medpfl {

/// Prints how the run in `folder` ended: its summary, or, where `code` is kInterrupted, how to go
/// on with it. To be called on rank 0.
void show_end(ExitCode code, const std::string& folder);

}  // namespace medpfl
