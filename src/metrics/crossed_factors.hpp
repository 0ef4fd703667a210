#pragma once
#include <cstdint>
#include <vector>

namespace medpfl {

/// A number seen for an image under a network, and what it has in common with others.
struct CrossedValue {
  int64_t image = 0;    ///< the same number: the same image, seen again under another network
  int64_t cluster = 0;  ///< images of one cluster, such as a hospital, are not independent
  int64_t network = 0;  ///< seed of the federation that trained the network
  double value = 0;
};

/// The mean of values seen and what can be said about it beyond them.
struct Estimate {
  double value = 0;          ///< NaN without values
  double low = 0, high = 1;  ///< an interval of 95 % where `inferred`, else the range over networks
  bool inferred = true;      ///< false for 2 to 4 networks, from which nothing is inferred
  /// How many independent values those seen are worth, the t quantile of few clusters or networks
  /// counted.
  double effective = 0;
  int64_t images = 0, clusters = 0, networks = 0;  ///< distinct ones among the values
};

/// The fewest networks from which an interval speaks about networks in general. One network has an
/// interval, too, about images under that network.
inline constexpr int64_t kFewestNetworks = 5;

/// What is assumed at least of the correlation of values within a cluster and under one network,
/// because few values, or equal ones, show none.
inline constexpr double kClusterCorrelation = 0.2, kNetworkCorrelation = 0.05;

/// The probability that an interval of 95 % leaves out on either side.
inline constexpr double kTail = 0.025;

/// The variance of a single value.
struct ValueVariance {
  double seen = 0;    ///< of the values
  double shrunk = 0;  ///< the same with a few values more, so that equal ones do not seem certain
};

/// Returns the estimate for values with this mean, of which there is at least one. How many
/// independent values they are worth follows from the variance of the mean. Images, in clusters,
/// and networks are crossed factors: it is the sum of what clusters, networks and the rest
/// contribute (Cameron, Gelbach, Miller 2011, each part at least 0), but at least that of the
/// assumed correlations. They are fewer by the ratio of t quantiles for the tail (Korn and Graubard
/// 1998). The limits are the range over networks; where `inferred`, the caller has better ones.
Estimate crossed_estimate(const std::vector<CrossedValue>& values, double mean,
                          const ValueVariance& variance, double tail = kTail);

}  // namespace medpfl
