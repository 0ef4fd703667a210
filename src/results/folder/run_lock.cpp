#include "results/folder/run_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>

#include "core/error.hpp"
#include "core/log.hpp"
#include "results/folder/durable_file.hpp"
#include "results/folder/process_mark.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

// The error of the lock, or 0.
int lock(int file) {
  int error = EINTR;
  while (error == EINTR) error = ::flock(file, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  return error;
}

// Said once.
void warn_of_no_locks(const std::string& folder, int error) {
  static std::once_flag said;
  std::call_once(said, [&] {
    log_warning(
        fmt::format("the file system of {} knows no locks ({}): {}, touched every 30 seconds, "
                    "keeps other processes out instead; one left by a process that was killed on "
                    "another host does so for five minutes",
                    folder, std::strerror(error), RunOwner::kName));
  });
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
  int error = 0;
  do {
    if (file_ >= 0) ::close(file_);
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0)
      throw OutputError(fmt::format("cannot make {}: {}", path_, std::strerror(errno)));
    error = lock(file_);
    if (error == EWOULDBLOCK) {
      const std::string who = holder_named(read_mark(file_));
      ::close(file_);
      throw Error(ExitCode::kBusy, fmt::format("run.output={}: {} is at work on this run; wait for "
                                               "it, or choose another folder",
                                               folder, who));
    }
  } while (error == 0 && !is_current(file_, path_));
  if (error != 0) {
    warn_of_no_locks(folder, error);
    try {
      owner_ = std::make_unique<RunOwner>(folder, file_);
    } catch (...) {
      ::close(file_);
      throw;
    }
  }
  const std::string me = mark_process();
  // Other hosts read it while it is open: without fsync a network file system may keep it here.
  if (::ftruncate(file_, 0) == 0 && ::pwrite(file_, me.data(), me.size(), 0) > 0)
    static_cast<void>(::fsync(file_));
}

RunLock::~RunLock() {
  ::unlink(path_.c_str());
  owner_.reset();
  ::close(file_);
  // A run that was refused leaves nothing: folders that are still empty go again.
  for (const std::string& folder : made_)
    if (::rmdir(folder.c_str()) != 0) break;
}

}  // namespace medpfl
