#pragma once
#include <cstdint>
#include <vector>

namespace medpfl {

/// How well a classifier does on a held-out set.
struct Utility {
  double loss = 0;               ///< mean cross entropy, nats
  double accuracy = 0;           ///< share of images whose largest logit is that of their class
  double balanced_accuracy = 0;  ///< mean recall over the classes present
  double auroc = 0;  ///< macro one-vs-rest over the classes that have both kinds; NaN if none
  double f1 = 0;     ///< macro F1 over the classes present in labels or predictions

  /// Names its fields; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("loss", &loss);
    f("accuracy", &accuracy);
    f("balanced_accuracy", &balanced_accuracy);
    f("auroc", &auroc);
    f("f1", &f1);
  }
};

/// Returns the utility for logits [n, classes] (row-major) and labels [n] in [0, classes), n >= 1.
/// Of equal largest logits the lowest class counts. AUROC ranks by the softmax probability of the
/// class; ties count one half. Throws NumericError on a logit that is not finite, DataError on a
/// label out of range.
Utility evaluate_utility(const std::vector<float>& logits, const std::vector<int64_t>& labels,
                         int64_t classes);

/// Whether a classifier ranks the classes well (AUROC of 0.7 or more) and yet assigns nearly all
/// images to one class: its balanced accuracy is at most 0.05 above 1 / classes, that of a constant
/// answer. Accuracy then says little about what was learned.
bool decides_as_one_class(const Utility& utility, int64_t classes);

}  // namespace medpfl
