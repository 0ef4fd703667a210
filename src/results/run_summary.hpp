#pragma once
#include <string>

#include "h5/file.hpp"

namespace medpfl {

/// Opens a run, its folder or its run.h5. Throws FormatError: missing, not HDF5, not a run, or of
/// another major schema.
h5::File open_run(const std::string& path);

/// What run.h5 holds, as text for a terminal: the run, the training, and what leaked. `path` and
/// errors as for open_run.
std::string summarize_run(const std::string& path);

}  // namespace medpfl
