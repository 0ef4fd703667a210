#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace medpfl {

/// Keeps a run's folder on a file system that knows no locks: by a file that only one process can
/// make, with a mark of that process. A thread touches the file every 30 seconds. A file that was
/// left behind is taken over: at once where its process was of this host and is gone, else after
/// five minutes without a touch, by the clock of the file system.
class RunOwner {
 public:
  /// `clock` is an open file in `folder`, which is touched to tell the time; it outlives this
  /// object. Throws Error of kBusy, which names who has the folder, and OutputError where the file
  /// cannot be made. Other times between touches than 30 seconds are for tests.
  RunOwner(const std::string& folder, int clock,
           std::chrono::milliseconds beat = std::chrono::seconds(30));
  ~RunOwner();
  RunOwner(const RunOwner&) = delete;
  RunOwner& operator=(const RunOwner&) = delete;

  /// The names of the file, and of the one that becomes it.
  static constexpr const char* kName = "run.lock.owner";
  static constexpr const char* kNewName = "run.lock.owner.new";

 private:
  void make(int clock);
  void beat(std::chrono::milliseconds every);

  std::string folder_, path_, new_path_;
  int file_ = -1;
  bool ended_ = false;
  std::mutex mutex_;
  std::condition_variable end_;
  std::thread heart_;
};

}  // namespace medpfl
