#pragma once
#include <optional>
#include <string>

#include "h5/file.hpp"

namespace medpfl {

/// What --resume must know of a run.
struct RunState {
  std::string status, config;  ///< config: resolved INI
};

/// Of `folder`/run.h5; nothing when there is no such file. Throws FormatError as summarize_run
/// does.
std::optional<RunState> find_run(const std::string& folder);

/// Opens a run, its folder or its run.h5. Throws FormatError: missing, not HDF5, not a run, or of
/// another major schema.
h5::File open_run(const std::string& path);

/// What run.h5 holds, as text for a terminal: the run, the training, and what leaked. `path` and
/// errors as for open_run.
std::string summarize_run(const std::string& path);

}  // namespace medpfl
