#pragma once
#include <cstdint>
#include <vector>

namespace medpfl {

/// Returns the Renyi divergence of an order (> 1, whole or not) between one step of the Gaussian
/// mechanism on data with and without one example, in the greater of the two directions. The
/// example's contribution has an L2 norm of at most 1, the noise the standard deviation `sigma` >
/// 0, and every example takes part independently with probability `rate` in [0, 1] (Poisson
/// sampling). At whole orders a this is the sum log sum_k C(a,k) (1-q)^(a-k) q^k exp((k^2-k) / (2
/// sigma^2)) / (a-1), q being the rate; at other orders the integral that the sum comes from, by
/// the trapezoidal rule, and below sigma = 0.05 an upper bound, linear between whole orders.
/// Mironov, Talwar, Zhang 2019, "Renyi Differential Privacy of the Sampled Gaussian Mechanism",
/// arXiv:1908.10530. Throws ConfigError on arguments outside these ranges.
double gaussian_rdp(double rate, double sigma, double order);

/// Returns the Renyi divergence of an order (> 1) of the Laplace mechanism with noise of scale
/// `scale` > 0, for a value that one example changes by at most 1. Mironov 2017, "Renyi
/// Differential Privacy", arXiv:1702.07476, table II. Throws ConfigError on arguments outside these
/// ranges.
double laplace_rdp(double scale, double order);

/// The epsilon of (epsilon, delta) differential privacy, by two valid conversions from Renyi
/// divergences `rdp` of orders a; infinity where there is no bound.
struct Epsilon {
  double classic = 0;  ///< rdp + log(1/delta) / (a-1): Mironov 2017, proposition 3
  /// rdp + log(1 - 1/a) - log(delta a) / (a-1): Balle et al. 2020, arXiv:1905.09982, theorem 21
  double tight = 0;
};

/// Adds up the Renyi divergences of adaptively chosen mechanisms at many orders: the privacy loss
/// of one example.
class RdpAccountant {
 public:
  /// Starts with no mechanism. `orders` must all be above 1.
  explicit RdpAccountant(std::vector<double> orders = default_orders());
  /// Returns the orders 1.1 ... 10.9 by tenths, then whole numbers to 256, then in steps of 32 to
  /// 1024.
  static std::vector<double> default_orders();

  /// Adds a mechanism `times` times, whose divergences at the orders are `rdp`.
  void add(const std::vector<double>& rdp, int64_t times = 1);
  void add_gaussian(double rate, double sigma, int64_t steps = 1);
  void add_laplace(double scale, int64_t steps = 1);
  /// Return the divergences of one step at the orders, for add().
  std::vector<double> gaussian_step(double rate, double sigma) const;
  std::vector<double> laplace_step(double scale) const;

  /// Returns the epsilon of all mechanisms added, minimized over the orders; 0 where there is none.
  /// Throws ConfigError unless 0 < delta < 1.
  Epsilon epsilon(double delta) const;
  /// Return the orders, and the divergences of all mechanisms added at each of them.
  const std::vector<double>& orders() const { return orders_; }
  const std::vector<double>& divergences() const { return sum_; }

 private:
  std::vector<double> orders_, sum_;
};

/// Returns the least sigma, at most a relative 1e-4 too large and never too small, for which
/// `steps` steps at `rate` stay within `epsilon` (tight) at `delta`, by bisection. Throws
/// ConfigError where no sigma below 1e6 does, and on arguments outside their ranges.
double calibrate_sigma(double rate, int64_t steps, double epsilon, double delta);

}  // namespace medpfl
