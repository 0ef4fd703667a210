#include "metrics/chance.hpp"

#include <map>

#include "metrics/share.hpp"

namespace medpfl {

Chance::Chance(const std::vector<int64_t>& labels) {
  std::map<int64_t, double> images;
  for (const int64_t label : labels) images[label] += 1;
  double inverse = 0;
  for (const auto& [label, count] : images) inverse += 1 / count;
  classes_ = static_cast<double>(images.size());
  effective_ = classes_ * classes_ / inverse;
}

std::pair<double, double> Chance::interval(double balanced_accuracy) const {
  return exact_interval(balanced_accuracy, effective_);
}

bool Chance::holds_for(double balanced_accuracy) const {
  return interval(balanced_accuracy).first <= level();
}

}  // namespace medpfl
