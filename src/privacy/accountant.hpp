#pragma once
#include <cstdint>
#include <vector>

namespace medpfl {

/// Renyi divergence of the given order (> 1, whole or not) between a step of the Gaussian mechanism
/// on data with and without one example, whichever way is greater. The example's part has an L2
/// norm of at most 1, the noise the standard deviation `sigma` > 0, and every example takes part
/// with probability `rate` in [0, 1], independently (Poisson sampling). At whole orders a
/// the sum of the paper, log sum_k C(a,k) (1-q)^(a-k) q^k exp((k^2-k) / (2 sigma^2)) / (a-1); at
/// others the integral it comes from, by the trapezoidal rule; below sigma = 0.05 there an upper
/// bound, linear between the neighbours. Mironov, Talwar, Zhang 2019, "Renyi Differential Privacy
/// of the Sampled Gaussian Mechanism", arXiv:1908.10530. Throws ConfigError on anything outside.
double gaussian_rdp(double rate, double sigma, double order);

/// Of the Laplace mechanism with noise of scale b = `scale` > 0 for a value that one example
/// changes by at most 1. Mironov 2017, "Renyi Differential Privacy", arXiv:1702.07476, table II.
/// Throws ConfigError on anything outside.
double laplace_rdp(double scale, double order);

/// The epsilon of (epsilon, delta) differential privacy, by two conversions, both valid; infinite
/// where nothing bounds it.
struct Epsilon {
  double classic = 0;  ///< rdp + log(1/delta) / (a-1): Mironov 2017, proposition 3
  /// rdp + log(1 - 1/a) - log(delta a) / (a-1): Balle et al. 2020, arXiv:1905.09982, theorem 21
  double tight = 0;
};

/// Adds up what adaptively chosen mechanisms give away of one example, at many orders.
class RdpAccountant {
 public:
  /// At these orders, all above 1.
  explicit RdpAccountant(std::vector<double> orders = default_orders());
  /// 1.1 ... 10.9 by tenths, then whole numbers to 256, then in steps of 32 to 1024.
  static std::vector<double> default_orders();

  /// One mechanism whose divergences are `rdp`, as many as orders, `times` times.
  void add(const std::vector<double>& rdp, int64_t times = 1);
  void add_gaussian(double rate, double sigma, int64_t steps = 1);
  void add_laplace(double scale, int64_t steps = 1);
  /// The divergences of one step at the orders, for add().
  std::vector<double> gaussian_step(double rate, double sigma) const;
  std::vector<double> laplace_step(double scale) const;

  /// Of all that was added, minimized over the orders; 0 where nothing was. Throws ConfigError
  /// unless 0 < delta < 1.
  Epsilon epsilon(double delta) const;

 private:
  std::vector<double> orders_, sum_;
};

/// The least sigma, up to a relative 1e-4 and never below it, for which `steps` steps at `rate`
/// stay within `epsilon` (tight) at `delta`; by bisection. Throws ConfigError where no sigma below
/// 1e6 does, and on values outside.
double calibrate_sigma(double rate, int64_t steps, double epsilon, double delta);

}  // namespace medpfl
