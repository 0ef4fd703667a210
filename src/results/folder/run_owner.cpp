#include "results/folder/run_owner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "core/error.hpp"
#include "results/folder/process_mark.hpp"

namespace medpfl {
namespace {

constexpr int64_t kStaleSeconds = 300;
constexpr int kTries = 100;
constexpr std::chrono::milliseconds kBetweenTries{20};

struct Found {
  std::string mark;
  int64_t silent = 0;  // seconds since its last touch, 0 where that cannot be told
  struct stat file = {};
  bool is_stale() const { return silent >= kStaleSeconds || is_process_gone(mark); }
};

// Both times are of the file system, whose clock may differ from this host's.
std::optional<Found> look(const std::string& path, int clock) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  Found found;
  found.mark = read_mark(file);
  struct stat now = {};
  const bool told = ::fstat(file, &found.file) == 0 && ::futimens(clock, nullptr) == 0 &&
                    ::fstat(clock, &now) == 0;
  if (told) found.silent = std::max<int64_t>(0, now.st_mtime - found.file.st_mtime);
  ::close(file);
  return found;
}

bool is_named(const struct stat& file, const std::string& path) {
  struct stat named = {};
  return ::stat(path.c_str(), &named) == 0 && named.st_ino == file.st_ino &&
         named.st_dev == file.st_dev;
}

[[noreturn]] void refuse(const std::string& folder, const Found& found) {
  throw Error(ExitCode::kBusy,
              fmt::format("run.output={}: {} is at work on this run, by {}, which was touched {} s "
                          "ago; wait for it, or choose another folder; if that process was killed, "
                          "the folder is free in {} s",
                          folder, holder_named(found.mark), RunOwner::kName, found.silent,
                          std::max<int64_t>(0, kStaleSeconds - found.silent)));
}

}  // namespace

RunOwner::RunOwner(const std::string& folder, int clock, std::chrono::milliseconds beat)
    : folder_(folder), path_(folder + "/" + kName), new_path_(folder + "/" + kNewName) {
  make(clock);
  // Signals are for the thread that computes.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  heart_ = std::thread([this, beat] { this->beat(beat); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// Who makes the new file is alone until it gets its name or is removed.
void RunOwner::make(int clock) {
  for (int tries = 1; file_ < 0; ++tries) {
    file_ = ::open(new_path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ >= 0) break;
    if (errno != EEXIST)
      throw OutputError(fmt::format("cannot make {}: {}", new_path_, std::strerror(errno)));
    const std::optional<Found> other = look(new_path_, clock);
    if (other && other->is_stale() && is_named(other->file, new_path_))
      ::unlink(new_path_.c_str());
    else if (other && tries >= kTries)
      refuse(folder_, *other);
    else
      std::this_thread::sleep_for(kBetweenTries);
  }
  const auto give_up = [&] {
    ::unlink(new_path_.c_str());
    ::close(file_);
  };
  const std::string me = mark_process();
  const bool written =
      ::pwrite(file_, me.data(), me.size(), 0) == static_cast<ssize_t>(me.size()) &&
      ::fsync(file_) == 0;
  const std::string failure = written ? "" : std::strerror(errno);
  const std::optional<Found> owner = look(path_, clock);
  if (owner && !owner->is_stale()) {
    give_up();
    refuse(folder_, *owner);
  }
  if (!written || std::rename(new_path_.c_str(), path_.c_str()) != 0) {
    const std::string why = written ? std::strerror(errno) : failure;
    give_up();
    throw OutputError(fmt::format("cannot make {}: {}", path_, why));
  }
}

void RunOwner::beat(std::chrono::milliseconds every) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!end_.wait_for(lock, every, [this] { return ended_; })) ::futimens(file_, nullptr);
}

RunOwner::~RunOwner() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  end_.notify_all();
  heart_.join();
  struct stat mine = {};
  if (::fstat(file_, &mine) == 0 && is_named(mine, path_)) ::unlink(path_.c_str());
  ::close(file_);
}

}  // namespace medpfl
