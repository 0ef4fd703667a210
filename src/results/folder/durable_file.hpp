#pragma once
#include <string>

namespace medpfl {

/// Makes a folder and those above it. Throws OutputError.
void make_folder(const std::string& path);

/// Returns a name beside `path`, ending in .partial, that no other process writes to.
std::string partial_name(const std::string& path);

/// Gives a finished file its name so that a reader or a crash finds the old file or the new one,
/// never half of one: fsync, rename, fsync of the folder. Throws OutputError. A file system that
/// knows no fsync of folders is tolerated, with one warning a process.
void publish_file(const std::string& temporary, const std::string& path);

/// Renames a file within its folder. Throws OutputError.
void rename_file(const std::string& from, const std::string& to);

/// Gives the file `path` a second name, which may be taken. Returns false where there is no such
/// file or the file system knows no second names.
bool link_file(const std::string& path, const std::string& name);

}  // namespace medpfl
