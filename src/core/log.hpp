#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/backoff.hpp"
#include "core/job_control.hpp"
#include "core/time_left.hpp"

namespace medpfl {

/// Sets up the log on standard error. Rank 0 shows information (not with `quiet`), other ranks only
/// warnings and errors. Every line begins with local date and time, and with the rank where there
/// are several: "[2026-11-29 13:05:12] [rank 0] ...".
void start_log(int rank, int ranks, bool quiet);

/// Makes this rank show information too, though it is not rank 0: the first rank of a RankGroup.
void show_information();

/// Whether this rank shows information: on standard error, and results on standard output.
bool shows_information();

/// Shows errors alone on this rank while it lives, no information and no warnings.
class QuietScope {
 public:
  QuietScope();
  ~QuietScope();
  QuietScope(const QuietScope&) = delete;
  QuietScope& operator=(const QuietScope&) = delete;

 private:
  bool shown_;
};

/// Write one line to the log: information, a warning, an error.
void log_info(const std::string& message);
void log_warning(const std::string& message);
void log_error(const std::string& message);

/// Shows the progress of a long loop and the time left, which never rises (TimeLeft): one line that
/// rewrites itself on a terminal, elsewhere plain lines that come less and less often (Backoff).
/// Shown on ranks that show information. A JobControl is told on all ranks, each second at most.
class Progress {
 public:
  /// Returns, so many seconds after the start, how many seconds are left at most; nothing where
  /// that is not known yet.
  using SecondsLeft = std::function<std::optional<double>(double elapsed)>;

  /// Without `left`, the steps of the loop are taken to be alike. `control` must outlive this.
  Progress(std::string what, int64_t total, JobControl* control, SecondsLeft left = nullptr);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Shows that `done` of `total` are finished, followed by `detail`. `more` is told to the
  /// JobControl alone, because a line of a terminal is short.
  void update(int64_t done, const std::string& detail = "", const std::string& more = "");

 private:
  using Clock = std::chrono::steady_clock;
  std::optional<double> seconds_left(int64_t done, double elapsed) const;

  std::string what_;
  int64_t total_;
  JobControl* control_;
  SecondsLeft seconds_left_;
  TimeLeft time_left_;
  bool terminal_, shown_ = false;
  Clock::time_point start_, last_;
  std::optional<Clock::time_point> told_;
  Backoff backoff_;
};

}  // namespace medpfl
