#pragma once
#include <string>

namespace medpfl {

/// Returns what a run or a sweep holds, for a terminal. `path` is a folder with run.h5 or sweep.h5,
/// or one of these files. Throws FormatError: missing, not HDF5, of another program or schema.
std::string inspect_as_text(const std::string& path);

/// Returns the same as one JSON object, whose fields have the names of attributes and columns in
/// the file.
std::string inspect_as_json(const std::string& path);

}  // namespace medpfl
