#include "metrics/share.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <limits>
#include <tuple>

namespace medpfl {

std::pair<double, double> exact_interval(double share, double outcomes, double tail) {
  const double successes = share * outcomes, failures = outcomes - successes;
  const auto quantile = [](double a, double b, double p) {
    return boost::math::quantile(boost::math::beta_distribution<>(a, b), p);
  };
  return {share <= 0 ? 0 : quantile(successes, failures + 1, tail),
          share >= 1 ? 1 : quantile(successes + 1, failures, 1 - tail)};
}

Share share_of(const std::vector<Outcome>& outcomes, double tail) {
  if (outcomes.empty()) {
    Share none;
    none.value = std::numeric_limits<double>::quiet_NaN();
    return none;
  }
  const auto n = static_cast<double>(outcomes.size());
  std::vector<CrossedValue> values;
  for (const Outcome& o : outcomes)
    values.push_back({o.image, o.cluster, o.network, o.success ? 1.0 : 0.0});
  const double share =
      static_cast<double>(std::count_if(outcomes.begin(), outcomes.end(),
                                        [](const Outcome& o) { return o.success; })) /
      n;
  const double shrunk = (share * n + 1) / (n + 2);  // Laplace's estimate
  Share s = crossed_estimate(values, share, {share * (1 - share), shrunk * (1 - shrunk)}, tail);
  if (s.inferred) std::tie(s.low, s.high) = exact_interval(s.value, s.effective, tail);
  return s;
}

}  // namespace medpfl
