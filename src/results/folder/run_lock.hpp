#pragma once
#include <memory>
#include <string>
#include <vector>

#include "results/folder/run_owner.hpp"

namespace medpfl {

/// Keeps a run's folder for this process until it is destroyed or the process ends, however it
/// ends, by an advisory lock on a file in it; where the file system knows no locks, by RunOwner,
/// with one warning a process.
class RunLock {
 public:
  /// Makes the folder if it is absent; one that stays empty is removed at the end. Throws Error of
  /// kBusy, which names who has the folder, and OutputError where the file cannot be made.
  explicit RunLock(const std::string& folder);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// The name of the file that is locked.
  static constexpr const char* kName = "run.lock";

 private:
  std::string path_;
  std::vector<std::string> made_;  // folders, from the innermost
  int file_ = -1;
  std::unique_ptr<RunOwner> owner_;  // null: the lock keeps it
};

}  // namespace medpfl
