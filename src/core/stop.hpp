#pragma once
#include <chrono>

namespace medpfl {

/// From now on SIGTERM, SIGUSR1 and SIGINT do not end the process: they ask it to finish the step
/// in hand, write a checkpoint and end. A second SIGINT ends it at once.
void catch_stop_signals();

/// Whether this process was asked to stop.
bool stop_signalled();

/// The time a job may take. A stop is due when the longest step so far would not fit in what is
/// left.
class WallTime {
 public:
  /// Counts from now; 0: no limit.
  explicit WallTime(double seconds) : limit_(seconds), start_(Clock::now()), last_(start_) {}
  /// What was before (loading, say) is no step.
  void begin_steps() { last_ = Clock::now(); }
  /// A step (a round, an iteration of an attack) is over.
  void step();
  bool nearly_over() const;

 private:
  using Clock = std::chrono::steady_clock;
  double limit_, longest_ = 0;
  Clock::time_point start_, last_;
};

}  // namespace medpfl
