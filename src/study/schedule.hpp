#pragma once
#include <chrono>
#include <cstdint>

#include "core/job_control.hpp"

namespace medpfl {

/// Says when a checkpoint is due and when a job must stop: by the clock, by the number of rounds,
/// and because it was asked to. By the clock a stop is due when less time is left than 1.5 times
/// the longest step so far; the half is for the checkpoint, and for steps that take longer than
/// others.
class JobSchedule {
 public:
  using Clock = std::chrono::steady_clock;

  /// `save_seconds`: seconds between checkpoints, 0: none by the clock. `save_rounds`: rounds
  /// between checkpoints, 0: none by rounds. `max_walltime`: seconds from now on, 0: no limit.
  /// `now`: the clock.
  JobSchedule(double save_seconds, int64_t save_rounds, double max_walltime,
              Clock::time_point (*now)() = Clock::now);

  /// Notes that the first step (a round, an iteration of an attack) begins, so that what was
  /// before, such as loading, does not count as a step.
  void begin_steps();
  /// Notes that the job was asked to stop.
  void note_stop() { stop_ = true; }
  /// Notes that a checkpoint was written.
  void note_saved() { last_save_ = now_(); }
  /// Returns what is due now; to be called at the end of each step.
  JobOrder order();
  /// Whether a checkpoint is due after this many rounds; the same on all ranks.
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
