#pragma once
#include <array>
#include <chrono>

namespace medpfl {

/// The phases of a run whose time is measured, in the order of /timings in run.h5.
enum class Phase {
  kLoad,
  kTrain,
  kDefend,
  kReduce,
  kBroadcast,
  kEvaluate,
  kCapture,
  kAttack,
  kWrite
};
inline constexpr int kPhases = 9;
inline constexpr std::array<const char*, kPhases> kPhaseNames = {
    "load", "train", "defend", "reduce", "broadcast", "evaluate", "capture", "attack", "write"};

/// Measures the seconds that this rank spends in each phase.
class PhaseTimers {
 public:
  /// Adds the time from construction to destruction to one phase.
  class Scope {
   public:
    Scope(PhaseTimers& timers, Phase phase)
        : timers_(timers), phase_(phase), start_(std::chrono::steady_clock::now()) {}
    ~Scope() {
      timers_.seconds_[static_cast<size_t>(phase_)] +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    PhaseTimers& timers_;
    Phase phase_;
    std::chrono::steady_clock::time_point start_;
  };

  Scope measure(Phase phase) { return Scope(*this, phase); }
  const std::array<double, kPhases>& seconds() const { return seconds_; }
  double seconds(Phase phase) const { return seconds_[static_cast<size_t>(phase)]; }

 private:
  std::array<double, kPhases> seconds_{};
};

}  // namespace medpfl
