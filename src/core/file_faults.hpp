#pragma once
#include <string>
#include <string_view>

namespace medpfl {

/// Returns why a file or a folder cannot be read, as "Permission denied" or "No such file or
/// directory"; "" where it can.
std::string why_unreadable(const std::string& path);

/// Whether a file that begins with `bytes` stands for one that Git LFS keeps elsewhere.
bool is_git_lfs_pointer(std::string_view bytes);

/// Throws DataError with what to do where the file at `path` cannot be read or is a pointer of Git
/// LFS. For readers of data whose library says less.
void refuse_unreadable_data(const std::string& path);

/// Throws FormatError with the reason where a result, a file or a folder, cannot be read.
void refuse_unreadable_result(const std::string& path);

}  // namespace medpfl
