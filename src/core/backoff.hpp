#pragma once
#include <array>
#include <cstddef>

namespace medpfl {

/// Says when the next line of a long job is due, so that a job of minutes and one of days both show
/// some tens of lines. The first is due after 1 s; the pauses between lines then grow to 10 min.
class Backoff {
 public:
  /// Whether a line is due, `seconds` after the start of the job; the next pause then begins.
  bool due(double seconds) {
    if (seconds - last_ < kPauses[pause_]) return false;
    last_ = seconds;
    if (pause_ + 1 < kPauses.size()) ++pause_;
    return true;
  }

 private:
  static constexpr std::array<double, 9> kPauses = {1, 2, 5, 10, 30, 60, 120, 300, 600};
  double last_ = 0;
  size_t pause_ = 0;
};

}  // namespace medpfl
