#include "metrics/crossed_factors.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace medpfl {
namespace {

using Values = std::vector<CrossedValue>;

double square(double x) { return x * x; }

/// What values that have a key in common contribute to the variance of the mean: the squared sums
/// of their deviations from it, for as many groups as there are.
template <class Key>
double variance_by(const Values& values, double mean, const Key& key) {
  std::map<decltype(key(values[0])), double> sums;
  for (const CrossedValue& v : values) sums[key(v)] += v.value - mean;
  if (sums.size() < 2) return 0;
  double total = 0;
  for (const auto& [group, sum] : sums) total += square(sum);
  const auto groups = static_cast<double>(sums.size());
  return total / square(static_cast<double>(values.size())) * groups / (groups - 1);
}

int64_t count(const Values& values, int64_t CrossedValue::*key) {
  std::set<int64_t> seen;
  for (const CrossedValue& v : values) seen.insert(v.*key);
  return static_cast<int64_t>(seen.size());
}

double t_quantile(double freedom, double tail) {
  return boost::math::quantile(boost::math::students_t(freedom), 1 - tail);
}

// The variance of a mean in its parts.
struct Variance {
  double clusters = 0, networks = 0, rest = 0;
  double total() const { return clusters + networks + rest; }
};

Variance variance_of(const Values& values, const Estimate& s, double of_one) {
  using Cell = std::pair<int64_t, int64_t>;
  const auto at = [&](const auto& key) { return variance_by(values, s.value, key); };
  const double cluster = at([](const CrossedValue& v) { return v.cluster; });
  const double alone = of_one / static_cast<double>(values.size());  // were all independent
  const bool independent = s.clusters == s.images;
  if (s.networks == 1) return {independent ? 0 : std::max(0.0, cluster - alone), 0, alone};
  const double network = at([](const CrossedValue& v) { return v.network; });
  const double cell = at([](const CrossedValue& v) { return Cell(v.cluster, v.network); });
  return {std::max(0.0, cluster - cell), std::max(0.0, network - cell), std::max(cell, alone)};
}

// Satterthwaite's: how many degrees of freedom the sum of the parts has.
double freedom(const Variance& v, const Estimate& s, double values) {
  const auto part = [](double variance, int64_t groups) {
    return groups > 1 ? square(variance) / static_cast<double>(groups - 1) : 0;
  };
  const double sum =
      part(v.clusters, s.clusters) + part(v.networks, s.networks) + square(v.rest) / (values - 1);
  if (sum <= 0) return values - 1;
  const int64_t least = s.networks > 1 ? std::min(s.clusters, s.networks) : s.clusters;
  return std::clamp(square(v.total()) / sum, std::max<double>(1, static_cast<double>(least - 1)),
                    values - 1);
}

double effective_values(const Values& values, const Estimate& s, const ValueVariance& of_one,
                        double tail) {
  const auto n = static_cast<double>(values.size());
  if (n < 2) return n;
  const Variance v = variance_of(values, s, of_one.seen);
  const auto images = static_cast<double>(s.images);
  const double of_a_cluster = std::max(1.0, images / static_cast<double>(s.clusters));
  const double assumed =
      (1 + (of_a_cluster - 1) * kClusterCorrelation) / images +
      (s.networks > 1 ? kNetworkCorrelation / static_cast<double>(s.networks) : 0);
  const double worth = std::min(n, 1 / std::max(v.total() / of_one.shrunk, assumed));
  return std::max(1.0,
                  worth * square(t_quantile(n - 1, tail) / t_quantile(freedom(v, s, n), tail)));
}

void set_range_over_networks(const Values& values, Estimate* s) {
  std::map<int64_t, std::pair<double, double>> networks;  // sum, number of values
  for (const CrossedValue& v : values) {
    networks[v.network].first += v.value;
    networks[v.network].second += 1;
  }
  s->low = std::numeric_limits<double>::infinity();
  s->high = -s->low;
  for (const auto& [network, sum] : networks) {
    s->low = std::min(s->low, sum.first / sum.second);
    s->high = std::max(s->high, sum.first / sum.second);
  }
}

}  // namespace

Estimate crossed_estimate(const Values& values, double mean, const ValueVariance& variance,
                          double tail) {
  Estimate s;
  s.value = mean;
  s.images = count(values, &CrossedValue::image);
  s.clusters = count(values, &CrossedValue::cluster);
  s.networks = count(values, &CrossedValue::network);
  s.effective = effective_values(values, s, variance, tail);
  s.inferred = s.networks == 1 || s.networks >= kFewestNetworks;
  set_range_over_networks(values, &s);
  return s;
}

}  // namespace medpfl
