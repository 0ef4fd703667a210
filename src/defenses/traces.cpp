#include "defenses/traces.hpp"

#include <algorithm>
#include <cmath>

namespace medpfl {

double Traces::noise_ratio(int64_t entries) const {
  // Without a bound the norm of the gradient may be anything.
  const double fixed = deviation * std::sqrt(static_cast<double>(entries)) / bound;
  return std::hypot(relative_noise, fixed);
}

std::string unanswered(const Traces& traces) {
  if (traces.signs) return "signs alone";
  switch (traces.images) {
    case ChangedImages::kMixed:
    case ChangedImages::kMirrored:
      return "mixtures of images";
    case ChangedImages::kOther:
      return "images changed in a way that no attack undoes";
    case ChangedImages::kNone:
    case ChangedImages::kMoved:
      break;
  }
  return "";
}

Traces noise_traces(double deviation) {
  Traces traces;
  traces.noisy = true;
  traces.deviation = deviation;
  return traces;
}

Traces after(Traces before, const Traces& defense) {
  // A bound on what has noise on it already bounds the noise as well.
  if (!before.noisy) before.bound = std::min(before.bound, defense.bound);
  before.rescaled = before.rescaled || defense.rescaled;
  before.noisy = before.noisy || defense.noisy;
  before.relative_noise = std::hypot(before.relative_noise, defense.relative_noise);
  before.deviation = std::hypot(before.deviation, defense.deviation);
  before.signs = before.signs || defense.signs;
  before.zeros = defense.zeros || (before.zeros && !defense.noisy);
  before.random_layer = before.random_layer || defense.random_layer;
  if (defense.images == ChangedImages::kNone) return before;
  before.images = defense.images;
  before.own_weight = defense.own_weight;
  before.shift = defense.shift;
  before.angle = defense.angle;
  return before;
}

}  // namespace medpfl
