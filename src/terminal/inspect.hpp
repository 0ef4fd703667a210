#pragma once
#include <string>

namespace medpfl {

/// Returns what a run or a sweep holds, as text for a terminal. `path` is a folder with run.h5 or
/// sweep.h5, or one of these files. Throws FormatError where there is no such file, or it is not
/// HDF5, or another program or another schema wrote it.
std::string inspect_as_text(const std::string& path);

/// Returns the same as one JSON object, whose fields have the names of attributes and columns in
/// the file.
std::string inspect_as_json(const std::string& path);

}  // namespace medpfl
