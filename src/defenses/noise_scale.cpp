#include "defenses/noise_scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

double percentile_95(const FlatParameters& update) {
  std::vector<float> magnitudes(static_cast<size_t>(update.size()));
  std::transform(update.data(), update.data() + update.size(), magnitudes.begin(),
                 [](float v) { return std::abs(v); });
  const int64_t rank = (95 * update.size() + 99) / 100 - 1;
  const auto at = magnitudes.begin() + rank;
  std::nth_element(magnitudes.begin(), at, magnitudes.end());
  return *at;
}

}  // namespace

const Words<NoiseUnit>& words_of(NoiseUnit) {
  static const Words<NoiseUnit> words = {
      {NoiseUnit::kAbsolute, "absolute"}, {NoiseUnit::kNorm, "norm"}, {NoiseUnit::kP95, "p95"}};
  return words;
}

OptionTable<NoiseScale> noise_scale_options(const std::string& what) {
  using O = Option<NoiseScale>;
  return {O{"scale", &NoiseScale::scale, what + " of the noise, in units of relative"}.above(0),
          O{"relative", &NoiseScale::relative,
            "unit of scale: 1, the root mean square entry of the update, or the 95th "
            "percentile of its magnitudes"}};
}

double NoiseScale::of(const FlatParameters& update) const {
  if (absolute() || update.size() == 0) return scale;
  const double norm = update.norm();
  if (!std::isfinite(norm))
    throw NumericError(
        fmt::format("the update has the L2 norm {}, so relative={} has no scale: training "
                    "diverged; lower the learning rate",
                    norm, word_of(relative)));
  if (relative == NoiseUnit::kNorm)
    return scale * norm / std::sqrt(static_cast<double>(update.size()));
  const double quantile = percentile_95(update);
  if (quantile == 0 && norm > 0)
    throw NumericError(
        "the 95th percentile of the update's magnitudes is 0 (95 % of its entries are zero), so "
        "relative=p95 would add no noise: use relative=norm, or place the noise before what zeroes "
        "the entries");
  return scale * quantile;
}

Traces NoiseScale::traces(double factor) const {
  if (absolute()) return noise_traces(factor * scale);
  constexpr double kNormal95 = 1.96;  // the 95th percentile of |x| for x of N(0, 1)
  Traces traces = noise_traces(0);
  traces.relative_noise = factor * scale * (relative == NoiseUnit::kP95 ? kNormal95 : 1);
  return traces;
}

std::string NoiseScale::describe() const {
  return fmt::format("scale={} relative={}", shortest(scale), word_of(relative));
}

}  // namespace medpfl
