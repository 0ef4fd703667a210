#include "core/stop.hpp"

#include <algorithm>
#include <csignal>

namespace medpfl {
namespace {

volatile std::sig_atomic_t stop = 0;

void note(int signal) {
  stop = 1;
  if (signal == SIGINT) std::signal(SIGINT, SIG_DFL);
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;  // a write or read in hand goes on
  for (const int signal : {SIGTERM, SIGUSR1, SIGINT}) sigaction(signal, &action, nullptr);
}

bool stop_signalled() { return stop != 0; }

void WallTime::step() {
  const Clock::time_point now = Clock::now();
  longest_ = std::max(longest_, std::chrono::duration<double>(now - last_).count());
  last_ = now;
}

bool WallTime::nearly_over() const {
  if (limit_ == 0) return false;
  const double left = limit_ - std::chrono::duration<double>(Clock::now() - start_).count();
  // Half a step more, for the checkpoint and for steps that are not all alike.
  return left < 1.5 * longest_;
}

}  // namespace medpfl
