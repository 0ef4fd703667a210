#include "privacy/mechanisms.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

#include "core/error.hpp"

namespace medpfl {
namespace {

void require_noise_scale(const char* what, double value) {
  if (!(std::isfinite(value) && value >= 0))
    throw ConfigError(
        fmt::format("{} is {}: give a finite number, 0 (no noise) or above", what, value));
}

}  // namespace

double clip_l2(FlatParameters* parameters, double bound) {
  if (!(std::isfinite(bound) && bound > 0))
    throw ConfigError(
        fmt::format("the bound to clip to is {}: give a finite number above 0", bound));
  const double norm = parameters->norm();
  if (!std::isfinite(norm))
    throw NumericError(fmt::format(
        "the L2 norm of the update to clip is {}: training diverged; lower the learning rate",
        norm));
  if (norm > bound) parameters->multiply(bound / norm);
  return norm;
}

void add_gaussian(FlatParameters* parameters, double sigma, RandomStream* stream) {
  require_noise_scale("the standard deviation of Gaussian noise", sigma);
  if (sigma == 0) return;
  float* values = parameters->data();
  for (int64_t i = 0; i < parameters->size(); ++i)
    values[i] = static_cast<float>(values[i] + sigma * stream->normal());
}

void add_laplace(FlatParameters* parameters, double scale, RandomStream* stream) {
  require_noise_scale("the scale of Laplace noise", scale);
  if (scale == 0) return;
  float* values = parameters->data();
  for (int64_t i = 0; i < parameters->size(); ++i)
    values[i] = static_cast<float>(values[i] + stream->laplace(scale));
}

}  // namespace medpfl
