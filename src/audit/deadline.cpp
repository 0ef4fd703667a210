#include "audit/deadline.hpp"

#include <algorithm>
#include <chrono>

#include "core/stop.hpp"

namespace medpfl {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Deadline::Deadline(double max_walltime) : end_(max_walltime > 0 ? now() + max_walltime : 0) {}

double Deadline::left() const {
  constexpr double kLeast = 0.001;  // a run that is begun ends at its first step
  return end_ > 0 ? std::max(kLeast, end_ - now()) : 0;
}

bool Deadline::over(const Communicator& comm) const {
  const bool here = stop_signalled() || (end_ > 0 && now() >= end_);
  return comm.max(here ? 1 : 0) > 0;
}

}  // namespace medpfl
