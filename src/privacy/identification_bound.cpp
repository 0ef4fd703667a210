#include "privacy/identification_bound.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace medpfl {
namespace {

void require_chance(double kappa) {
  if (!(kappa > 0 && kappa <= 1))
    throw ConfigError(fmt::format(
        "identification bound: the chance kappa is {}: give a number above 0 and at most 1",
        kappa));
}

double normal_below(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// By bisection; of the two ends the upper one, so that rounding never lowers a bound.
double normal_quantile(double probability) {
  double low = -40, high = 40;
  for (int i = 0; i < 80; ++i) {
    const double middle = 0.5 * (low + high);
    (normal_below(middle) < probability ? low : high) = middle;
  }
  return high;
}

}  // namespace

double gaussian_identification_bound(double kappa, double mu) {
  require_chance(kappa);
  if (!(mu >= 0))
    throw ConfigError(fmt::format("identification bound: mu is {}: give a number from 0 on", mu));
  if (kappa == 1 || mu == 0) return kappa;
  return std::max(kappa, normal_below(normal_quantile(kappa) + mu));
}

double renyi_identification_bound(double kappa, const std::vector<double>& orders,
                                  const std::vector<double>& rdp) {
  require_chance(kappa);
  if (orders.size() != rdp.size())
    throw Error(ExitCode::kInternal, "divergences at other orders than the bound's");
  if (std::all_of(rdp.begin(), rdp.end(), [](double d) { return d == 0; })) return kappa;
  double log_bound = 0;
  for (size_t i = 0; i < orders.size(); ++i)
    log_bound = std::min(log_bound, (std::log(kappa) + rdp[i]) * (orders[i] - 1) / orders[i]);
  return std::max(kappa, std::exp(log_bound));
}

double chance_of_identification(int64_t images, int64_t candidates, int64_t classes) {
  if (images < 1 || classes < 1)
    throw ConfigError(fmt::format(
        "identification bound: {} images of {} classes: give at least 1 of each", images, classes));
  if (candidates < images) return 1;
  return std::min(1.0, static_cast<double>(images) * static_cast<double>(classes) /
                           static_cast<double>(candidates - images + 1));
}

}  // namespace medpfl
