#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace medpfl {

/// The privacy budget epsilon of each hospital: one for all ("4"), a list that starts again after
/// its last entry ("1,2,8"), or drawn uniformly from a range ("1..8") by seed and hospital alone.
class PersonalBudgets {
 public:
  /// Reads the budgets from a text of one of these forms. Throws ConfigError on any other text, and
  /// on budgets that are not above 0 and finite.
  explicit PersonalBudgets(const std::string& text);

  /// Returns the budget epsilon of a hospital.
  double of(int64_t client, uint64_t seed) const;
  /// Returns the greatest budget that a hospital can have.
  double greatest() const;

 private:
  std::vector<double> list_;  // of a range: its ends
  bool range_ = false;
};

}  // namespace medpfl
