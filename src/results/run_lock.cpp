#include "results/run_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/error.hpp"
#include "core/process.hpp"
#include "results/durable_file.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// Who has it, as they wrote it down.
std::string holder(int file) {
  std::array<char, 256> text{};
  const ssize_t length = ::pread(file, text.data(), text.size(), 0);
  return length > 0 ? std::string(text.data(), static_cast<size_t>(length)) : "another process";
}

// Whether the file of this name is still the one that is open: who had it removes it at the end.
bool is_current(int file, const std::string& path) {
  struct stat mine = {};
  struct stat named = {};
  return ::fstat(file, &mine) == 0 && ::stat(path.c_str(), &named) == 0 &&
         mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

}  // namespace

RunLock::RunLock(const std::string& folder) : path_(folder + "/" + kName) {
  std::error_code unknown;
  fs::path missing = fs::absolute(folder, unknown).lexically_normal();
  for (; fs::status(missing, unknown).type() == fs::file_type::not_found;
       missing = missing.parent_path())
    made_.push_back(missing.string());
  make_folder(folder);
  do {
    if (file_ >= 0) ::close(file_);
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0)
      throw OutputError(fmt::format("cannot make {}: {}", path_, std::strerror(errno)));
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      const std::string who = holder(file_);
      ::close(file_);
      throw Error(ExitCode::kBusy, fmt::format("run.output={}: {} is at work on this run; wait for "
                                               "it, or choose another folder",
                                               folder, who));
    }
  } while (!is_current(file_, path_));
  const std::string me = fmt::format("process {} of {}", ::getpid(), host_name());
  if (::ftruncate(file_, 0) == 0) static_cast<void>(::pwrite(file_, me.data(), me.size(), 0) > 0);
}

RunLock::~RunLock() {
  ::unlink(path_.c_str());
  ::close(file_);
  // A run that was refused leaves nothing: folders that are still empty go again.
  for (const std::string& folder : made_)
    if (::rmdir(folder.c_str()) != 0) break;
}

}  // namespace medpfl
