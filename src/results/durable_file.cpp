#include "results/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <system_error>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/process.hpp"
#include "results/run_lock.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

std::string reason() { return std::strerror(errno); }

// The error of fsync, or 0.
int sync(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags);
  if (fd < 0)
    throw OutputError(fmt::format("cannot open {} to make it durable: {}", path, reason()));
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

void sync_file(const std::string& path) {
  const int error = sync(path, O_RDONLY);
  if (error != 0)
    throw OutputError(fmt::format("cannot make {} durable: {}", path, std::strerror(error)));
}

// Some file systems (CIFS, vboxsf, some of FUSE) know fsync of files only. Said once.
void sync_folder(const std::string& path) {
  const int error = sync(path, O_RDONLY | O_DIRECTORY);
  if (error == 0) return;
  if (error != EINVAL && error != ENOSYS && error != ENOTSUP && error != EOPNOTSUPP)
    throw OutputError(
        fmt::format("cannot make the folder {} durable: {}", path, std::strerror(error)));
  static std::once_flag said;
  std::call_once(said, [&] {
    log_warning(
        fmt::format("cannot make the folder {} durable, its file system knows no fsync of "
                    "folders ({}): after a power loss the newest checkpoint may be missing",
                    path, std::strerror(error)));
  });
}

// What a run leaves in its folder; one killed early may have left the folder of gradients alone.
constexpr const char* kRunEntries[] = {"run.h5",
                                       "run.h5.partial",
                                       "checkpoint.h5",
                                       "checkpoint.previous.h5",
                                       "checkpoint.h5.partial",
                                       "checkpoint.kept.h5",
                                       "gradients",
                                       "states",
                                       "weights",
                                       "report.html"};

bool is_of_a_run(const fs::path& name) {
  return name == RunLock::kName ||
         std::find(std::begin(kRunEntries), std::end(kRunEntries), name) != std::end(kRunEntries);
}

// Empty, with a run.h5 (other files beside it stay), or with nothing but what a run leaves.
bool holds_only_a_run(const fs::path& folder) {
  if (fs::exists(folder / "run.h5")) return true;
  return std::all_of(
      fs::directory_iterator(folder), fs::directory_iterator(),
      [](const fs::directory_entry& entry) { return is_of_a_run(entry.path().filename()); });
}

}  // namespace

void rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0)
    throw OutputError(fmt::format("cannot rename {} to {}: {}", from, to, reason()));
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw OutputError(fmt::format("cannot make the folder {}: {}", path, error.message()));
}

bool link_file(const std::string& path, const std::string& name) {
  std::error_code error;
  fs::remove(name, error);
  fs::create_hard_link(path, name, error);
  return !error;
}

void remove_other_files(const std::string& folder, const std::string& subfolder,
                        const std::vector<std::string>& known) {
  std::error_code error;
  const fs::path place = fs::path(folder) / subfolder;
  if (!fs::exists(place, error)) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(place, error)) {
    const std::string name = (fs::path(subfolder) / entry.path().filename()).string();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    fs::remove_all(entry.path(), error);
    if (error)
      throw OutputError(
          fmt::format("cannot remove {}: {}", entry.path().string(), error.message()));
  }
}

std::string partial_name(const std::string& path) {
  return fmt::format("{}.{}.{}.partial", path, host_name(), ::getpid());
}

void publish_file(const std::string& temporary, const std::string& path) {
  sync_file(temporary);
  rename_file(temporary, path);
  sync_folder(fs::path(path).parent_path().string());
}

void check_output_folder(const std::string& folder, bool overwrite) {
  std::error_code error;
  const fs::path path = fs::absolute(folder);
  if (fs::exists(path, error)) {
    if (!fs::is_directory(path, error))
      throw OutputError(fmt::format("run.output={}: exists and is not a folder", folder));
    if (!holds_only_a_run(path))
      throw OutputError(
          fmt::format("run.output={}: the folder is not empty and holds no run; choose "
                      "another folder",
                      folder));
    if (!fs::is_empty(path, error) && !overwrite)
      throw OutputError(
          fmt::format("run.output={}: holds a run already; choose another folder, or "
                      "replace it with --overwrite",
                      folder));
  }
  fs::path existing = path;
  while (!fs::exists(existing, error)) existing = existing.parent_path();
  if (!fs::is_directory(existing, error) || ::access(existing.c_str(), W_OK | X_OK) != 0)
    throw OutputError(
        fmt::format("run.output={}: cannot write to {}: {}", folder, existing.string(), reason()));
}

void prepare_output_folder(const std::string& folder) {
  make_folder(folder);
  for (const char* name : kRunEntries) {
    std::error_code error;
    fs::remove_all(fs::path(folder) / name, error);
    if (error)
      throw OutputError(fmt::format("cannot remove {}/{}: {}", folder, name, error.message()));
  }
}

}  // namespace medpfl
