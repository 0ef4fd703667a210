#pragma once
#include <optional>
#include <string>
#include <vector>

#include "h5/file.hpp"

namespace medpfl {

/// What --resume must know of a run in a folder.
struct RunState {
  std::string status, config;  ///< config: resolved INI
};

/// Returns the status of `folder`/run.h5, or nothing where there is no such file. Throws
/// FormatError as open_run does.
std::optional<RunState> find_run(const std::string& folder);

/// Opens a run, given its folder or its run.h5. Throws FormatError where the file is missing, not
/// HDF5, not a run, or of another major schema.
h5::File open_run(const std::string& path);

/// Returns the messages that the attacks of a run left out, in words.
std::vector<std::string> not_tested(const h5::File& run);

/// Returns what run.h5 holds, as text for a terminal: the run, the training, and what leaked.
/// `path` and errors as for open_run.
std::string summarize_run(const std::string& path);

}  // namespace medpfl
