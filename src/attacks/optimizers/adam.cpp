#include "attacks/optimizers/adam.hpp"

#include <algorithm>
#include <cmath>

namespace medpfl {
namespace {

constexpr float kEpsilon = 1e-8F;

}  // namespace

const Words<Sign>& words_of(Sign) {
  static const Words<Sign> words = {
      {Sign::kNone, "none"}, {Sign::kSoft, "soft"}, {Sign::kHard, "hard"}};
  return words;
}

OptionTable<AdamOptions> adam_options() {
  using O = Option<AdamOptions>;
  OptionTable<AdamOptions> table = {
      {"sign", &AdamOptions::sign, "of Adam: what the gradient is replaced by"},
      O{"beta2", &AdamOptions::beta2, "of Adam: what is kept of the mean square a step"}.between(
          0, 0.999999)};
  return table.add(&AdamOptions::schedule, schedule_options())
      .add({O{"langevin", &AdamOptions::langevin,
              "of Adam: noise on the gradient, times the learning rate"}
                .at_least(0)});
}

Adam::Adam(const AdamOptions& options, int64_t n)
    : options_(options),
      gradient_(static_cast<size_t>(n)),
      mean_(static_cast<size_t>(n)),
      square_(static_cast<size_t>(n)) {}

void Adam::add_noise(double scale) {
  RandomStream random(substream(options_.noise, static_cast<uint64_t>(steps_)));
  for (float& g : gradient_) g += static_cast<float>(scale * random.normal());
}

void Adam::take_sign() {
  if (options_.sign == Sign::kHard) {
    for (float& g : gradient_) g = g == 0 ? 0 : std::copysign(1.0F, g);
  } else if (options_.sign == Sign::kSoft) {
    const auto s =
        1 - static_cast<float>(steps_) / static_cast<float>(options_.schedule.iterations);
    if (s <= 0) return;
    for (float& g : gradient_) g = std::tanh(s * g) / s;
  }
}

Optimizer::Status Adam::step(const Function& function, float* x) {
  value_ = function(x, gradient_.data());
  const auto all = [this](auto test) {
    return std::all_of(gradient_.begin(), gradient_.end(), test);
  };
  const double rate = options_.learning_rate * rate_factor(options_.schedule, steps_);
  if (options_.langevin > 0) add_noise(options_.langevin * rate);
  if (!std::isfinite(value_) || !all([](float g) { return std::isfinite(g); })) {
    ++steps_;
    return Status::kNotFinite;
  }
  take_sign();
  ++steps_;
  if (all([](float g) { return g == 0; })) return Status::kFlat;
  const auto b1 = static_cast<float>(options_.beta1), b2 = static_cast<float>(options_.beta2);
  // Rounded once: 1 - b2 in float32 is off by 5e-5 of itself.
  const auto c1 = static_cast<float>(1 - options_.beta1);
  const auto c2 = static_cast<float>(1 - options_.beta2);
  const auto t = static_cast<double>(steps_);
  const auto size = static_cast<float>(rate / (1 - std::pow(options_.beta1, t)));
  const auto root = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, t)));
  for (size_t i = 0; i < gradient_.size(); ++i) {
    const float g = gradient_[i];
    mean_[i] = b1 * mean_[i] + c1 * g;
    square_[i] = b2 * square_[i] + c2 * g * g;
    x[i] -= size * mean_[i] / (std::sqrt(square_[i]) * root + kEpsilon);
  }
  return Status::kRunning;
}

void Adam::keep(Archive& a) {
  a.version(1);
  const auto n = static_cast<int64_t>(mean_.size());
  a("steps", &steps_);
  a("value", &value_);
  a.fixed("mean", mean_.data(), n);
  a.fixed("square", square_.data(), n);
}

}  // namespace medpfl
