#include "privacy/accountant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kPi = 3.14159265358979323846;
constexpr double kLeastIntegratedSigma = 0.05;

void require(bool fine, const char* what, double value, const char* allowed) {
  if (!fine)
    throw ConfigError(fmt::format("privacy accounting: {} is {}: give {}", what, value, allowed));
}

void require_positive(const char* what, double value) {
  require(std::isfinite(value) && value > 0, what, value, "a finite number above 0");
}

void require_order(double order) {
  require(std::isfinite(order) && order > 1, "the order of a Renyi divergence", order,
          "a finite number above 1");
}

void require_delta(double delta) {
  require(delta > 0 && delta < 1, "delta", delta, "a number above 0 and below 1");
}

// A sum of exp(term), kept as its logarithm.
class LogSum {
 public:
  void add(double term) {
    if (term == -kInfinity) return;
    if (term > greatest_) {
      rest_ = rest_ * std::exp(greatest_ - term) + 1;
      greatest_ = term;
    } else {
      rest_ += std::exp(term - greatest_);
    }
  }
  double log() const { return greatest_ + std::log(rest_); }

 private:
  double greatest_ = -kInfinity, rest_ = 0;
};

double log_moment_whole(double q, double sigma, double order) {
  LogSum sum;
  for (double k = 0; k <= order; ++k)
    sum.add(std::lgamma(order + 1) - std::lgamma(k + 1) - std::lgamma(order - k + 1) +
            (order - k) * std::log1p(-q) + k * std::log(q) + (k * k - k) / (2 * sigma * sigma));
  return sum.log();
}

// log E (1 - q + q exp((2x-1) / (2 sigma^2)))^order over x ~ N(0, sigma^2). The integrand is
// analytic in a strip of half width pi sigma^2, so the trapezoidal rule converges exponentially.
double log_moment_integrated(double q, double sigma, double order) {
  const double variance = sigma * sigma;
  const double step = std::min(sigma / 6, variance / 2);
  const auto points = static_cast<int64_t>(std::ceil((order + 26 * sigma) / step));
  LogSum sum;
  for (int64_t i = 0; i <= points; ++i) {
    const double x = -13 * sigma + static_cast<double>(i) * step;
    const double exponent = (2 * x - 1) / (2 * variance);
    // log(1 - q + q exp(exponent)), whichever part is large.
    const double log_ratio = exponent > 0 ? exponent + std::log(q + (1 - q) * std::exp(-exponent))
                                          : std::log1p(q * std::expm1(exponent));
    sum.add(order * log_ratio - x * x / (2 * variance));
  }
  return sum.log() + std::log(step / (sigma * std::sqrt(2 * kPi)));
}

double log_moment(double q, double sigma, double order) {
  const double below = std::floor(order);
  if (order == below) return order == 1 ? 0 : log_moment_whole(q, sigma, order);
  if (sigma >= kLeastIntegratedSigma) return log_moment_integrated(q, sigma, order);
  // The logarithm of a moment is convex in its order.
  const double share = order - below;
  return (1 - share) * log_moment(q, sigma, below) + share * log_moment(q, sigma, below + 1);
}

}  // namespace

double gaussian_rdp(double rate, double sigma, double order) {
  require(rate >= 0 && rate <= 1, "the sampling rate", rate, "a number from 0 to 1");
  require_positive("the noise multiplier sigma", sigma);
  require_order(order);
  if (rate == 0) return 0;
  if (rate == 1) return order / (2 * sigma * sigma);
  // What is true of every image is true of a random part of them, too (the divergence is
  // quasi-convex). At small sigma that is less than what interpolation between orders gives.
  return std::min(std::max(0.0, log_moment(rate, sigma, order)) / (order - 1),
                  order / (2 * sigma * sigma));
}

double laplace_rdp(double scale, double order) {
  require_positive("the scale of Laplace noise", scale);
  require_order(order);
  LogSum sum;
  sum.add(std::log(order / (2 * order - 1)) + (order - 1) / scale);
  sum.add(std::log((order - 1) / (2 * order - 1)) - order / scale);
  return std::max(0.0, sum.log()) / (order - 1);
}

std::vector<double> RdpAccountant::default_orders() {
  std::vector<double> orders;
  for (int tenths = 11; tenths < 110; ++tenths) orders.push_back(tenths / 10.0);
  for (int order = 11; order <= 256; ++order) orders.push_back(order);
  for (int order = 288; order <= 1024; order += 32) orders.push_back(order);
  return orders;
}

RdpAccountant::RdpAccountant(std::vector<double> orders)
    : orders_(std::move(orders)), sum_(orders_.size(), 0.0) {
  for (const double order : orders_) require_order(order);
}

void RdpAccountant::add(const std::vector<double>& rdp, int64_t times) {
  if (rdp.size() != orders_.size())
    throw Error(ExitCode::kInternal, "divergences at other orders than the accountant's");
  for (size_t i = 0; i < rdp.size(); ++i) sum_[i] += static_cast<double>(times) * rdp[i];
}

std::vector<double> RdpAccountant::gaussian_step(double rate, double sigma) const {
  std::vector<double> rdp;
  for (const double order : orders_) rdp.push_back(gaussian_rdp(rate, sigma, order));
  return rdp;
}

void RdpAccountant::add_gaussian(double rate, double sigma, int64_t steps) {
  add(gaussian_step(rate, sigma), steps);
}

std::vector<double> RdpAccountant::laplace_step(double scale) const {
  std::vector<double> rdp;
  for (const double order : orders_) rdp.push_back(laplace_rdp(scale, order));
  return rdp;
}

void RdpAccountant::add_laplace(double scale, int64_t steps) { add(laplace_step(scale), steps); }

Epsilon RdpAccountant::epsilon(double delta) const {
  require_delta(delta);
  if (std::all_of(sum_.begin(), sum_.end(), [](double rdp) { return rdp == 0; })) return {};
  Epsilon best = {kInfinity, kInfinity};
  for (size_t i = 0; i < orders_.size(); ++i) {
    const double a = orders_[i];
    const double tight = sum_[i] + std::log1p(-1 / a) - std::log(delta * a) / (a - 1);
    best.classic = std::min(best.classic, sum_[i] - std::log(delta) / (a - 1));
    best.tight = std::min(best.tight, std::max(0.0, tight));
  }
  return best;
}

double calibrate_sigma(double rate, int64_t steps, double epsilon, double delta) {
  require_positive("the target epsilon", epsilon);
  const auto within = [&](double sigma) {
    RdpAccountant accountant;
    accountant.add_gaussian(rate, sigma, steps);
    return accountant.epsilon(delta).tight <= epsilon;
  };
  double low = 1e-2, high = 1;
  while (!within(high)) {
    low = high;
    high *= 2;
    if (high > 1e6)
      throw ConfigError(
          fmt::format("no sigma below 1e6 keeps {} steps at the rate {} within epsilon {} at delta "
                      "{}: raise epsilon, or take fewer steps",
                      steps, rate, epsilon, delta));
  }
  while (high > low * (1 + 1e-4)) {
    const double middle = std::sqrt(low * high);
    (within(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace medpfl
