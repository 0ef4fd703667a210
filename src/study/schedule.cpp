#include "study/schedule.hpp"

#include <algorithm>

namespace medpfl {
namespace {

double seconds(JobSchedule::Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

JobSchedule::JobSchedule(double save_seconds, int64_t save_rounds, double max_walltime,
                         Clock::time_point (*now)())
    : save_seconds_(save_seconds),
      save_rounds_(save_rounds),
      max_walltime_(max_walltime),
      now_(now),
      start_(now()),
      last_step_(start_),
      last_save_(start_) {}

void JobSchedule::begin_steps() { last_step_ = now_(); }

JobOrder JobSchedule::order() {
  const Clock::time_point now = now_();
  longest_step_ = std::max(longest_step_, seconds(now - last_step_));
  last_step_ = now;
  const double left = max_walltime_ - seconds(now - start_);
  if (stop_ || (max_walltime_ > 0 && left < 1.5 * longest_step_)) return JobOrder::kStop;
  const bool due = save_seconds_ > 0 && seconds(now - last_save_) >= save_seconds_;
  return due ? JobOrder::kSave : JobOrder::kGoOn;
}

bool JobSchedule::due_after(int64_t rounds) const {
  return save_rounds_ > 0 && rounds % save_rounds_ == 0;
}

}  // namespace medpfl
