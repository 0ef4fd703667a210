#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace medpfl {

/// Whether an attack succeeded on one image, and what that outcome has in common with others.
struct Outcome {
  int64_t image = 0;    ///< the same number: the same image, seen again under another network
  int64_t cluster = 0;  ///< images of one cluster, such as a hospital, are not independent
  int64_t network = 0;  ///< seed of the federation that trained the network
  bool success = false;
};

/// The share of successes and what can be said about it beyond the outcomes seen.
struct Share {
  double value = 0;          ///< in [0, 1]; NaN without outcomes
  double low = 0, high = 1;  ///< an interval of 95 % where `inferred`, else the range over networks
  bool inferred = true;      ///< false for 2 to 4 networks, from which nothing is inferred
  /// How many independent outcomes those seen are worth, the t quantile of few clusters or networks
  /// counted.
  double effective = 0;
  int64_t images = 0, clusters = 0, networks = 0;  ///< distinct ones among the outcomes
};

/// The fewest networks from which an interval speaks about networks in general. One network has an
/// interval, too, about images under that network.
inline constexpr int64_t kFewestNetworks = 5;

/// What is assumed at least of the correlation of outcomes within a cluster and under one network,
/// because few outcomes, or equal ones, show none.
inline constexpr double kClusterCorrelation = 0.2, kNetworkCorrelation = 0.05;

/// Returns the limits of Clopper and Pearson's interval of 95 % for a share in [0, 1] of so many
/// independent outcomes, a number above 0 that need not be whole.
std::pair<double, double> exact_interval(double share, double outcomes);

/// Returns the share of successes with an interval of 95 %. Images, in clusters, and networks are
/// crossed factors: the variance of the share is the sum of what clusters, networks and the rest
/// contribute (Cameron, Gelbach, Miller 2011, each part at least 0), but at least that of the
/// assumed correlations. The interval is that of Clopper and Pearson for as many independent
/// outcomes as have this variance, fewer by the ratio of t quantiles (Korn and Graubard 1998). For
/// independent images under one network it is the exact interval of Clopper and Pearson.
Share share_of(const std::vector<Outcome>& outcomes);

}  // namespace medpfl
