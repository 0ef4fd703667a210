#pragma once
#include <string>

namespace medpfl {

/// Makes a folder and those above it. Throws OutputError.
void make_folder(const std::string& path);

/// Gives a finished file its name so that a reader or a crash finds the old file or the new one, never
/// half of one: fsync, rename, fsync of the folder. Throws OutputError.
void publish_file(const std::string& temporary, const std::string& path);

/// Throws OutputError unless a run may be written to `folder`: it is absent (and can be made), empty, or
/// holds a run and `overwrite` is set. Changes nothing.
void check_output_folder(const std::string& folder, bool overwrite);

/// Makes the folder of a run and removes what an earlier run left in it.
void prepare_output_folder(const std::string& folder);

}  // namespace medpfl
