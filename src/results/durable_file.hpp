#pragma once
#include <string>
#include <vector>

namespace medpfl {

/// Makes a folder and those above it. Throws OutputError.
void make_folder(const std::string& path);

/// Gives a finished file its name so that a reader or a crash finds the old file or the new one,
/// never half of one: fsync, rename, fsync of the folder. Throws OutputError.
void publish_file(const std::string& temporary, const std::string& path);

/// Gives the file `path`, where there is one, the second name `keep`, so that it outlives what is
/// published at `path` next; it is under its own name all the while. Throws OutputError.
void keep_file(const std::string& path, const std::string& keep);

/// Removes the files of `folder`/`subfolder` that are not among `known` (relative to `folder`).
/// Throws OutputError.
void remove_other_files(const std::string& folder, const std::string& subfolder,
                        const std::vector<std::string>& known);

/// Throws OutputError unless a run may be written to `folder`: it is absent (and can be made),
/// empty, or holds a run and `overwrite` is set. Changes nothing.
void check_output_folder(const std::string& folder, bool overwrite);

/// Makes the folder of a run and removes what an earlier run left in it.
void prepare_output_folder(const std::string& folder);

}  // namespace medpfl
