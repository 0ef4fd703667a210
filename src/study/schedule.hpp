#pragma once
#include <chrono>
#include <cstdint>

#include "core/job_control.hpp"

namespace medpfl {

/// When a checkpoint is due and when a job must stop: by the clock, by rounds, and by what was
/// asked. A stop is due when the longest step so far, and half of it again for the checkpoint and
/// for steps that are not all alike, would not fit in the time that is left.
class Schedule {
 public:
  using Clock = std::chrono::steady_clock;

  /// `save_seconds`: between two checkpoints, 0: none by the clock. `save_rounds`: likewise, in
  /// rounds. `max_walltime`: seconds from now on, 0: no limit. `now`: the clock.
  Schedule(double save_seconds, int64_t save_rounds, double max_walltime,
           Clock::time_point (*now)() = Clock::now);

  /// Says that steps (a round, an iteration of an attack) begin: what was before, such as loading,
  /// is none.
  void begin_steps();
  /// Says that the job was asked to stop.
  void note_stop() { stop_ = true; }
  /// Says that a checkpoint was written.
  void note_saved() { last_save_ = now_(); }
  /// Returns what is due, as a step is over.
  JobOrder order();
  /// Returns whether a checkpoint is due after this many rounds; the same on all ranks.
  bool due_after(int64_t rounds) const;

 private:
  double save_seconds_;
  int64_t save_rounds_;
  double max_walltime_;
  Clock::time_point (*now_)();
  Clock::time_point start_, last_step_, last_save_;
  double longest_step_ = 0;  // seconds
  bool stop_ = false;
};

}  // namespace medpfl
