#include "results/folder/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/process.hpp"

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

std::string partial_name(const std::string& path) {
  return fmt::format("{}.{}.{}.partial", path, host_name(), ::getpid());
}

void publish_file(const std::string& temporary, const std::string& path) {
  sync_file(temporary);
  rename_file(temporary, path);
  sync_folder(fs::path(path).parent_path().string());
}

}  // namespace medpfl
