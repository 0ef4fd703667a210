#pragma once
#include <limits>
#include <string>

namespace medpfl {

/// Words on the time that a job still takes. The time shown never rises: where it is estimated anew
/// and is longer than was shown before, the shorter one stays, and the words say so.
class TimeLeft {
 public:
  /// `kind`: what the estimates are, such as "about" or "at most".
  explicit TimeLeft(std::string kind) : kind_(std::move(kind)) {}

  /// Returns for an estimate in seconds "at most 4:10 left"; where an earlier one was lower by more
  /// than a second, "4:10 left or more" of that.
  std::string show(double seconds);

 private:
  std::string kind_;
  double least_ = std::numeric_limits<double>::infinity();
};

}  // namespace medpfl
