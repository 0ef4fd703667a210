#include "results/folder/run_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <optional>
#include <regex>
#include <system_error>

#include "core/error.hpp"
#include "core/file_faults.hpp"
#include "h5/file.hpp"
#include "results/folder/durable_file.hpp"
#include "results/folder/file_digests.hpp"
#include "results/folder/progress_file.hpp"
#include "results/folder/run_lock.hpp"
#include "results/run/schema.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// What a run leaves in its folder, beside subfolders. Type: of an HDF5 file that shows a run.
// Early: a run that was killed before its first run.h5 may have left it.
struct RunFile {
  std::string name, type;
  bool early;
};

const std::string kSetAside = "run.h5.partial";  // also the run that another one replaces

const RunFile kFiles[] = {{"run.h5", kFileType, false},
                          {kSetAside, kFileType, true},
                          {"checkpoint.h5", kCheckpointType, false},
                          {"checkpoint.previous.h5", kCheckpointType, false},
                          {"checkpoint.h5.partial", "", true},
                          {"checkpoint.kept.h5", kCheckpointType, false},
                          {kProgressFile, "", true},
                          {std::string(kProgressFile) + ".partial", "", true},
                          {kDigestsFile, "", false},
                          {std::string(kDigestsFile) + ".partial", "", false},
                          {"report.html", "", false}};

struct Subfolder {
  std::string name, files, early_files;  // regular expressions
};

// A file that is being written. Open MPI tries locks on a file beside it, and makes another one
// where the ranks are on several hosts; they stay where the process is killed meanwhile.
const std::string kPartial = R"(\.partial(\.locktest\.\d+|-\d+-\d+\.lock)?)";

const Subfolder kSubfolders[] = {
    {"gradients", R"((segment-\d{5,}|images)\.h5|(segment|images))" + kPartial,
     "segment" + kPartial},
    {"states", R"(round-\d{5,}\.h5|scratch\.\w{6}|states)" + kPartial,
     R"(round-00000\.h5|scratch\.\w{6}|states)" + kPartial},
    {"weights", R"(segment-\d{5,}\.h5|segment)" + kPartial,
     R"(segment-00000\.h5|segment)" + kPartial}};

template <class Known, size_t n>
const Known* find(const Known (&known)[n], const std::string& name) {
  const auto* found = std::find_if(std::begin(known), std::end(known),
                                   [&](const Known& one) { return one.name == name; });
  return found == std::end(known) ? nullptr : found;
}

bool is_file_named(const fs::directory_entry& entry, const std::string& pattern) {
  return !entry.is_directory() &&
         std::regex_match(entry.path().filename().string(), std::regex(pattern));
}

// Attribute `filetype`, empty if it has none; nothing where there is no HDF5 file.
std::optional<std::string> type_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::optional<std::string> type;
  try {
    const h5::File file = h5::File::open(path.string());
    type = "";
    type = file.read_text_attribute("/", "filetype");
  } catch (const FormatError&) {
    // What was found until then is the answer.
  }
  return type;
}

// A run that cannot be read would pass for none.
void refuse_unreadable_files(const fs::path& folder) {
  for (const RunFile& file : kFiles) {
    std::error_code error;
    const fs::path path = folder / file.name;
    if (file.type.empty() || fs::symlink_status(path, error).type() == fs::file_type::not_found)
      continue;
    if (const std::string reason = why_unreadable(path.string()); !reason.empty())
      throw OutputError(
          fmt::format("run.output={}: cannot read {}: {}", folder.string(), file.name, reason));
  }
}

bool holds_run(const fs::path& folder) {
  return std::any_of(std::begin(kFiles), std::end(kFiles), [&](const RunFile& file) {
    return !file.type.empty() && type_of(folder / file.name) == file.type;
  });
}

// A damaged file of a run is the run's; one that can be read and is of another type is not.
bool is_of_run(const fs::directory_entry& entry, const RunFile& file, bool run) {
  if (entry.is_directory() || !(run || file.early)) return false;
  return file.early || file.type.empty() || type_of(entry.path()).value_or(file.type) == file.type;
}

bool is_lock(const std::string& name) {
  return name == RunLock::kName || name == RunOwner::kName || name == RunOwner::kNewName;
}

// The first entry, relative to the folder, that is in the way; empty: none. Beside a run others may
// have files under names that no run uses.
std::string find_foreign(const fs::path& folder) {
  const bool run = holds_run(folder);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    if (const Subfolder* subfolder = find(kSubfolders, name)) {
      if (!entry.is_directory()) return name;
      for (const fs::directory_entry& inner : fs::directory_iterator(entry.path()))
        if (!is_file_named(inner, run ? subfolder->files : subfolder->early_files))
          return fmt::format("{}/{}", name, inner.path().filename().string());
    } else if (const RunFile* file = find(kFiles, name)) {
      if (!is_of_run(entry, *file, run)) return name;
    } else if (!run && !is_lock(name)) {
      return name;
    }
  }
  return "";
}

std::string foreign_file(const std::string& folder) {
  try {
    refuse_unreadable_files(folder);
    return find_foreign(folder);
  } catch (const fs::filesystem_error& error) {
    throw OutputError(fmt::format("run.output={}: cannot look into it: {}", folder, error.what()));
  }
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) throw OutputError(fmt::format("cannot remove {}: {}", path.string(), error.message()));
}

}  // namespace

void check_output_folder(const std::string& folder, bool overwrite) {
  std::error_code error;
  const fs::path path = fs::absolute(folder);
  if (fs::exists(path, error)) {
    if (!fs::is_directory(path, error))
      throw OutputError(fmt::format("run.output={}: exists and is not a folder", folder));
    const std::string foreign = holds_run(path) ? "" : foreign_file(folder);
    if (!foreign.empty())
      throw OutputError(
          fmt::format("run.output={}: the folder is not empty and holds no run: {} is not of "
                      "medpfl; choose another folder, or move it away",
                      folder, foreign));
    if (!fs::is_empty(path, error) && !overwrite)
      throw OutputError(
          fmt::format("run.output={}: holds a run already; choose another folder, or "
                      "replace it with --overwrite",
                      folder));
  }
  fs::path existing = path;
  for (; !fs::exists(existing, error); existing = existing.parent_path())
    if (fs::is_symlink(existing, error))
      throw OutputError(
          fmt::format("run.output={}: {} is a link that leads nowhere", folder, existing.string()));
  if (!fs::is_directory(existing, error))
    throw OutputError(fmt::format("run.output={}: {} is not a folder", folder, existing.string()));
  if (::access(existing.c_str(), W_OK | X_OK) != 0)
    throw OutputError(fmt::format("run.output={}: cannot write to {}: {}", folder,
                                  existing.string(), std::strerror(errno)));
}

void refuse_foreign_files(const std::string& folder) {
  const std::string foreign = foreign_file(folder);
  if (!foreign.empty())
    throw OutputError(
        fmt::format("run.output={}: {} is not of a run of medpfl and in the way of one; nothing "
                    "was removed; choose another folder, or move it away",
                    folder, foreign));
}

void prepare_output_folder(const std::string& folder) {
  make_folder(folder);
  refuse_foreign_files(folder);
  const fs::path path(folder);
  // Who is killed on the way leaves no run that looks whole, and one that can still be replaced.
  std::error_code error;
  if (fs::exists(path / "run.h5", error)) rename_file(path / "run.h5", path / kSetAside);
  for (const RunFile& file : kFiles)
    if (file.name != kSetAside) remove_file(path / file.name);
  for (const Subfolder& subfolder : kSubfolders) remove_subfolder(folder, subfolder.name);
  remove_file(path / kSetAside);
}

std::vector<std::string> result_files(const std::string& folder) {
  std::vector<std::string> names = {"run.h5"};
  for (const Subfolder& subfolder : kSubfolders) {
    const fs::path place = fs::path(folder) / subfolder.name;
    if (!fs::exists(place)) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(place))
      if (entry.path().extension() == ".h5" && is_file_named(entry, subfolder.files))
        names.push_back((fs::path(subfolder.name) / entry.path().filename()).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void remove_other_files(const std::string& folder, const std::string& subfolder,
                        const std::vector<std::string>& known) {
  std::error_code error;
  const fs::path place = fs::path(folder) / subfolder;
  if (!fs::exists(place, error)) return;
  const std::string& ours = find(kSubfolders, subfolder)->files;
  for (const fs::directory_entry& entry : fs::directory_iterator(place, error)) {
    const std::string name = (fs::path(subfolder) / entry.path().filename()).string();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (is_file_named(entry, ours)) remove_file(entry.path());
  }
}

void remove_subfolder(const std::string& folder, const std::string& subfolder) {
  const fs::path place = fs::path(folder) / subfolder;
  // What a link leads to is beside the folder of the run.
  if (!fs::is_symlink(place)) remove_other_files(folder, subfolder, {});
  std::error_code not_empty;
  fs::remove(place, not_empty);
}

}  // namespace medpfl
