#pragma once
#include <string>

namespace medpfl {

/// What run.h5 holds, as text for a terminal: the run, the training, and what leaked. `path` is a run's
/// folder or its run.h5. Throws FormatError: missing, not HDF5, not a run, or of another major schema.
std::string summarize_run(const std::string& path);

}  // namespace medpfl
