#pragma once
#include <cstdint>
#include <string>

#include "core/option_table.hpp"

namespace medpfl {

/// The course of a value over the rounds of a run (see RoundSchedule).
enum class RoundCourse { kConstant, kLinear, kStaircase, kExponential, kCyclic };
const Words<RoundCourse>& words_of(RoundCourse);

/// The options of one RoundSchedule, as they are written.
struct ScheduleOptions {
  double first = 1;  ///< the value in the first round, above 0
  double last = 0;   ///< the value to end at, above 0; 0: none is given
  RoundCourse course = RoundCourse::kConstant;
};
/// Returns the options of a value called `name` (above 0): NAME, NAME_last and NAME_schedule.
/// `what` is the help of the first.
OptionTable<ScheduleOptions> schedule_options(const std::string& name, const std::string& what);

/// What the names of the options NAME_last and NAME_schedule end in.
inline const std::string kLastSuffix = "_last", kScheduleSuffix = "_schedule";

/// The options that all schedules of one owner share.
struct SchedulePace {
  int64_t stairs = 4;   ///< the levels of a staircase, at least 2
  int64_t period = 10;  ///< the period of a cyclic course in rounds, at least 2
};
/// Returns the options `stairs` and `period`.
OptionTable<SchedulePace> pace_options();

/// A value that changes over the rounds of a run, from `first` to `last`. With t = round / (rounds
/// - 1):
///   constant:    first
///   linear:      first + t (last - first)
///   staircase:   the same in `stairs` levels of (nearly) equally many rounds
///   exponential: first (last / first)^t
///   cyclic:      (first + last) / 2 + cos(2 pi round / period) (first - last) / 2
/// Wei et al. 2023, "Securing Distributed SGD against Gradient Leakage Threats", arXiv:2305.06473;
/// their decays are of noise and bound, the wave is ours.
class RoundSchedule {
 public:
  /// Makes the schedule of the value `name`. Throws ConfigError, which names the option
  /// SECTION.NAME, where a constant is given a last value, or another schedule is given none.
  RoundSchedule(const ScheduleOptions& own, const SchedulePace& pace, const std::string& name,
                const std::string& section);

  /// Returns the value in `round`, 0 ... rounds - 1.
  double at(int64_t round, int64_t rounds) const;
  /// Returns the schedule in words, as "bound=6" or "bound=6 to 2 linear".
  std::string describe() const;

 private:
  std::string name_;
  RoundCourse course_;
  double first_, last_;
  SchedulePace pace_;
};

}  // namespace medpfl
