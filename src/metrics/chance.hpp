#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace medpfl {

/// What answers that do not depend on the images score on a test set, and whether a balanced
/// accuracy on it is shown to be more.
class Chance {
 public:
  /// `labels`: classes of the test images; at least one.
  explicit Chance(const std::vector<int64_t>& labels);

  /// Returns the balanced accuracy of such answers: 1 / classes among the test images.
  double level() const { return 1 / classes_; }
  /// Returns the interval of 95 % of a balanced accuracy in [0, 1], which takes the test images for
  /// independent and all classes for recognized equally well: exact_interval() for C^2 / sum of
  /// 1 / n_c images, which have the variance of the mean recall over C classes of n_c images.
  std::pair<double, double> interval(double balanced_accuracy) const;
  /// Whether the interval reaches down to chance: the test images do not show that the network
  /// decides better than that.
  bool holds_for(double balanced_accuracy) const;

 private:
  double classes_ = 0, effective_ = 0;
};

}  // namespace medpfl
