#include "metrics/share.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace medpfl {
namespace {

constexpr double kTail = 0.025;

double square(double x) { return x * x; }

/// What outcomes that have a key in common contribute to the variance of the share: the squared
/// sums of their deviations from it, for as many groups as there are.
template <class Key>
double variance_by(const std::vector<Outcome>& outcomes, double share, const Key& key) {
  std::map<decltype(key(outcomes[0])), double> sums;
  for (const Outcome& o : outcomes) sums[key(o)] += (o.success ? 1 : 0) - share;
  if (sums.size() < 2) return 0;
  double total = 0;
  for (const auto& [group, sum] : sums) total += square(sum);
  const auto groups = static_cast<double>(sums.size());
  return total / square(static_cast<double>(outcomes.size())) * groups / (groups - 1);
}

template <class Key>
int64_t count(const std::vector<Outcome>& outcomes, const Key& key) {
  std::set<decltype(key(outcomes[0]))> seen;
  for (const Outcome& o : outcomes) seen.insert(key(o));
  return static_cast<int64_t>(seen.size());
}

double t_quantile(double freedom) {
  return boost::math::quantile(boost::math::students_t(freedom), 1 - kTail);
}

// The variance of a share in its parts, and how many degrees of freedom it is known with.
struct Variance {
  double clusters = 0, networks = 0, rest = 0;
  double total() const { return clusters + networks + rest; }
};

Variance variance_of(const std::vector<Outcome>& outcomes, const Share& s) {
  using Cell = std::pair<int64_t, int64_t>;
  const auto at = [&](const auto& key) { return variance_by(outcomes, s.value, key); };
  const double cluster = at([](const Outcome& o) { return o.cluster; });
  const double alone =
      s.value * (1 - s.value) / static_cast<double>(outcomes.size());  // were all independent
  const bool independent = s.clusters == s.images;
  if (s.networks == 1) return {independent ? 0 : std::max(0.0, cluster - alone), 0, alone};
  const double network = at([](const Outcome& o) { return o.network; });
  const double cell = at([](const Outcome& o) { return Cell(o.cluster, o.network); });
  return {std::max(0.0, cluster - cell), std::max(0.0, network - cell), std::max(cell, alone)};
}

// Satterthwaite's: how many degrees of freedom the sum of the parts has.
double freedom(const Variance& v, const Share& s, double outcomes) {
  const auto part = [](double variance, int64_t groups) {
    return groups > 1 ? square(variance) / static_cast<double>(groups - 1) : 0;
  };
  const double sum =
      part(v.clusters, s.clusters) + part(v.networks, s.networks) + square(v.rest) / (outcomes - 1);
  if (sum <= 0) return outcomes - 1;
  const int64_t least = s.networks > 1 ? std::min(s.clusters, s.networks) : s.clusters;
  return std::clamp(square(v.total()) / sum, std::max<double>(1, static_cast<double>(least - 1)),
                    outcomes - 1);
}

double effective_outcomes(const std::vector<Outcome>& outcomes, const Share& s) {
  const auto n = static_cast<double>(outcomes.size());
  if (n < 2) return n;
  const Variance v = variance_of(outcomes, s);
  // Laplace's estimate, so that equal outcomes do not seem certain.
  const double shrunk = (s.value * n + 1) / (n + 2), spread = shrunk * (1 - shrunk);
  const auto images = static_cast<double>(s.images);
  const double of_a_cluster = std::max(1.0, images / static_cast<double>(s.clusters));
  const double assumed =
      (1 + (of_a_cluster - 1) * kClusterCorrelation) / images +
      (s.networks > 1 ? kNetworkCorrelation / static_cast<double>(s.networks) : 0);
  const double worth = std::min(n, 1 / std::max(v.total() / spread, assumed));
  return std::max(1.0, worth * square(t_quantile(n - 1) / t_quantile(freedom(v, s, n))));
}

std::pair<double, double> range_over_networks(const std::vector<Outcome>& outcomes) {
  std::map<int64_t, std::pair<double, double>> networks;  // successes, outcomes
  for (const Outcome& o : outcomes) {
    networks[o.network].first += o.success ? 1 : 0;
    networks[o.network].second += 1;
  }
  double low = 1, high = 0;
  for (const auto& [network, count] : networks) {
    low = std::min(low, count.first / count.second);
    high = std::max(high, count.first / count.second);
  }
  return {low, high};
}

}  // namespace

std::pair<double, double> exact_interval(double share, double outcomes) {
  const double successes = share * outcomes, failures = outcomes - successes;
  const auto quantile = [](double a, double b, double p) {
    return boost::math::quantile(boost::math::beta_distribution<>(a, b), p);
  };
  return {share <= 0 ? 0 : quantile(successes, failures + 1, kTail),
          share >= 1 ? 1 : quantile(successes + 1, failures, 1 - kTail)};
}

Share share_of(const std::vector<Outcome>& outcomes) {
  Share s;
  if (outcomes.empty()) {
    s.value = std::numeric_limits<double>::quiet_NaN();
    return s;
  }
  const auto n = static_cast<double>(outcomes.size());
  s.value = static_cast<double>(std::count_if(outcomes.begin(), outcomes.end(),
                                              [](const Outcome& o) { return o.success; })) /
            n;
  s.images = count(outcomes, [](const Outcome& o) { return o.image; });
  s.clusters = count(outcomes, [](const Outcome& o) { return o.cluster; });
  s.networks = count(outcomes, [](const Outcome& o) { return o.network; });
  s.effective = effective_outcomes(outcomes, s);
  s.inferred = s.networks == 1 || s.networks >= kFewestNetworks;
  std::tie(s.low, s.high) =
      s.inferred ? exact_interval(s.value, s.effective) : range_over_networks(outcomes);
  return s;
}

}  // namespace medpfl
