#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/options.hpp"

namespace medpfl {

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
  /// Returns the options of a value called `name` (above 0): NAME, NAME_last and NAME_schedule.
  static std::vector<OptionSpec> options(const std::string& name, double first,
                                         const std::string& what);
  /// Returns the options `stairs` and `period`, which all schedules of one owner share.
  static std::vector<OptionSpec> shared_options();
  /// Reads the schedule of the value `name`. Throws ConfigError where a constant is given a last
  /// value, or another schedule is given none.
  RoundSchedule(const OptionValues& own, const std::string& name, const std::string& section);

  /// Returns the value in `round`, 0 ... rounds - 1.
  double at(int64_t round, int64_t rounds) const;
  /// Returns the schedule in words, as "bound=6" or "bound=6 to 2 linear".
  std::string describe() const;

 private:
  std::string name_, kind_;
  double first_ = 1, last_ = 1;
  int64_t stairs_ = 1, period_ = 1;
};

}  // namespace medpfl
