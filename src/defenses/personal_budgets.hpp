#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace medpfl {

/// The privacy budget epsilon of each hospital: one for all ("4"), a list that starts over behind
/// its last ("1,2,8"), or drawn uniformly from a range ("1..8") by seed and hospital alone.
class PersonalBudgets {
 public:
  /// Throws ConfigError on anything else, and on budgets that are not above 0 and finite.
  explicit PersonalBudgets(const std::string& text);

  double of(int64_t client, uint64_t seed) const;

 private:
  std::vector<double> list_;  // of a range: its ends
  bool range_ = false;
};

}  // namespace medpfl
