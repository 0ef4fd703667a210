#include "results/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/error.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

std::string reason() { return std::strerror(errno); }

void sync(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags);
  if (fd < 0) throw OutputError(fmt::format("cannot open {} to make it durable: {}", path, reason()));
  const int status = ::fsync(fd);
  const std::string why = reason();
  ::close(fd);
  if (status != 0) throw OutputError(fmt::format("cannot make {} durable: {}", path, why));
}

}  // namespace

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw OutputError(fmt::format("cannot make the folder {}: {}", path, error.message()));
}

void publish_file(const std::string& temporary, const std::string& path) {
  sync(temporary, O_RDONLY);
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    throw OutputError(fmt::format("cannot rename {} to {}: {}", temporary, path, reason()));
  sync(fs::path(path).parent_path().string(), O_RDONLY | O_DIRECTORY);
}

void check_output_folder(const std::string& folder, bool overwrite) {
  std::error_code error;
  const fs::path path = fs::absolute(folder);
  if (fs::exists(path, error)) {
    if (!fs::is_directory(path, error))
      throw OutputError(fmt::format("run.output={}: exists and is not a folder", folder));
    if (!fs::is_empty(path, error) && !fs::exists(path / "run.h5", error))
      throw OutputError(fmt::format("run.output={}: the folder is not empty and holds no run; choose "
                                    "another folder",
                                    folder));
    if (fs::exists(path / "run.h5", error) && !overwrite)
      throw OutputError(fmt::format("run.output={}: holds a run already; choose another folder, or "
                                    "replace it with --overwrite",
                                    folder));
  }
  fs::path existing = path;
  while (!fs::exists(existing, error)) existing = existing.parent_path();
  if (!fs::is_directory(existing, error) || ::access(existing.c_str(), W_OK | X_OK) != 0)
    throw OutputError(fmt::format("run.output={}: cannot write to {}: {}", folder, existing.string(),
                                  reason()));
}

void prepare_output_folder(const std::string& folder) {
  make_folder(folder);
  for (const char* name : {"run.h5", "gradients", "report.html"}) {
    std::error_code error;
    fs::remove_all(fs::path(folder) / name, error);
    if (error)
      throw OutputError(fmt::format("cannot remove {}/{}: {}", folder, name, error.message()));
  }
}

}  // namespace medpfl
