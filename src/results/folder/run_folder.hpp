#pragma once
#include <string>
#include <vector>

namespace medpfl {

/// Throws OutputError unless a run may be written to `folder`: it is absent (and can be made),
/// empty, or holds a run and `overwrite` is set. Changes nothing.
void check_output_folder(const std::string& folder, bool overwrite);

/// Throws OutputError, which names the file, where one that no run of ours wrote has the place of
/// one that a run writes or removes. Changes nothing.
void refuse_foreign_files(const std::string& folder);

/// Makes the folder of a run and removes what an earlier run left in it. Throws OutputError as
/// refuse_foreign_files does; nothing is removed then.
void prepare_output_folder(const std::string& folder);

/// Returns the files that a finished run consists of, relative to its `folder`, in order.
std::vector<std::string> result_files(const std::string& folder);

/// Removes the files of `folder`/`subfolder` that a run writes there and that are not among `known`
/// (relative to `folder`); others stay. Throws OutputError.
void remove_other_files(const std::string& folder, const std::string& subfolder,
                        const std::vector<std::string>& known);

/// Removes all that a run writes to `folder`/`subfolder`, and the subfolder if nothing else is in
/// it. Throws OutputError.
void remove_subfolder(const std::string& folder, const std::string& subfolder);

}  // namespace medpfl
