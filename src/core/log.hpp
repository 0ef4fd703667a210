#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace medpfl {

/// Sets up the log on standard error. Rank 0 shows information (not with `quiet`), other ranks only
/// warnings and errors; every line carries the rank when there are several.
void start_log(int rank, int ranks, bool quiet);

/// Shows information on this rank too, which is not rank 0 but the first of ranks that work by
/// themselves.
void show_information();

void log_info(const std::string& message);
void log_warning(const std::string& message);
void log_error(const std::string& message);

/// Progress of a long loop with the time left: one line that rewrites itself on a terminal, a plain
/// line every ten seconds elsewhere. Only rank 0 shows it.
class Progress {
 public:
  Progress(std::string what, int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// `done` of `total` are finished; `detail` is shown behind it.
  void update(int64_t done, const std::string& detail = "");

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  int64_t total_;
  bool terminal_, shown_ = false;
  Clock::time_point start_, last_;
};

}  // namespace medpfl
