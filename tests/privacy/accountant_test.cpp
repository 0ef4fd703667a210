#include "privacy/accountant.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "../core/refusal.hpp"

namespace medpfl {
namespace {

struct GaussianCase {
  double rate, sigma, order, rdp;
};
struct LaplaceCase {
  double scale, order, rdp;
};

// Computed by reference_accountant.py with mpmath 1.2.1, from densities by quadrature.
constexpr GaussianCase kGaussian[] = {
    {0.01, 6, 2, 2.81671377683e-6},   {0.01, 6, 2.5, 3.52138768914e-6},
    {0.01, 1, 1.1, 9.24147108469e-5}, {0.01, 1, 7.3, 0.000758445107057},
    {0.1, 0.7, 1.5, 0.0369492732185}, {0.1, 2, 4.75, 0.00729305201206},
    {0.25, 1.3, 32, 8.03644212071},   {0.5, 3, 10.9, 0.208931603094},
    {0.5, 0.3, 1.9, 9.09242125827},   {0.001, 0.8, 3.3, 6.29107400897e-6},
    {0.9, 4, 64, 1.89517515234},      {1, 5, 3.5, 0.07},
};
constexpr LaplaceCase kLaplace[] = {
    {1, 2, 0.619123629999},
    {0.5, 1.5, 1.43680915841},
    {3, 10.9, 0.268150982918},
    {20, 64, 0.0391494281674},
};

TEST(Accountant, GaussianStepsAreThoseOfTheDensities) {
  for (const GaussianCase& c : kGaussian)
    EXPECT_NEAR(gaussian_rdp(c.rate, c.sigma, c.order), c.rdp, 1e-8 * c.rdp + 1e-13)
        << c.rate << " " << c.sigma << " " << c.order;
}

TEST(Accountant, LaplaceIsThatOfTheDensities) {
  for (const LaplaceCase& c : kLaplace)
    EXPECT_NEAR(laplace_rdp(c.scale, c.order), c.rdp, 1e-10 * c.rdp) << c.scale << " " << c.order;
}

// The sum and the integral are different code and meet at whole orders.
TEST(Accountant, OrdersJustBesideWholeOnesAgreeWithThem) {
  for (const double sigma : {0.06, 0.3, 1.0, 6.0})
    for (const double rate : {1e-4, 0.02, 0.4, 0.99})
      for (const double order : {2.0, 5.0, 40.0}) {
        const double whole = gaussian_rdp(rate, sigma, order);
        EXPECT_NEAR(gaussian_rdp(rate, sigma, order + 1e-9), whole, 1e-7 * whole + 1e-13)
            << rate << " " << sigma << " " << order;
      }
}

TEST(Accountant, BelowTheLeastSigmaFractionalOrdersAreBoundedFromAbove) {
  const double bound = gaussian_rdp(0.1, 0.0499, 2.5), exact = gaussian_rdp(0.1, 0.0501, 2.5);
  EXPECT_GE(bound, exact);
  EXPECT_LT(bound, 1.1 * exact);
}

// Those of the known values: the classic 0.1467 would be 0.1432 with more.
std::vector<double> orders_to_128() {
  std::vector<double> orders;
  for (int order = 2; order <= 128; ++order) orders.push_back(order);
  return orders;
}

TEST(Accountant, KnownEpsilonsToFourDigits) {
  RdpAccountant many(orders_to_128()), few(orders_to_128());
  many.add_gaussian(0.01, 6, 10000);
  few.add_gaussian(0.01, 6, 300);
  EXPECT_NEAR(many.epsilon(1e-5).classic, 0.8227, 5e-5);
  EXPECT_NEAR(many.epsilon(1e-5).tight, 0.6592, 5e-5);
  EXPECT_NEAR(few.epsilon(1e-5).classic, 0.1467, 5e-5);
  EXPECT_NEAR(few.epsilon(1e-5).tight, 0.1006, 5e-5);
}

TEST(Accountant, MoreOrdersCanOnlyLowerTheBound) {
  for (const int64_t steps : {300, 10000}) {
    RdpAccountant few(orders_to_128()), more;
    few.add_gaussian(0.01, 6, steps);
    more.add_gaussian(0.01, 6, steps);
    EXPECT_LE(more.epsilon(1e-5).classic, few.epsilon(1e-5).classic + 1e-12);
    EXPECT_LE(more.epsilon(1e-5).tight, few.epsilon(1e-5).tight + 1e-12);
    EXPECT_GT(more.epsilon(1e-5).tight, 0.9 * few.epsilon(1e-5).tight);
  }
}

// Without sampling the optimal order of the classic conversion is known: epsilon = T / (2 s^2) +
// sqrt(2 T log(1/delta)) / s.
TEST(Accountant, WithoutSamplingTheClosedFormIsMet) {
  RdpAccountant accountant;
  accountant.add_gaussian(1, 4, 3);
  const double exact = 3 / 32.0 + std::sqrt(2 * 3 * std::log(1e6)) / 4;
  EXPECT_GE(accountant.epsilon(1e-6).classic, exact - 1e-12);
  EXPECT_LT(accountant.epsilon(1e-6).classic, 1.001 * exact);
}

TEST(Accountant, DifferentStepsAddUp) {
  const std::vector<double> orders = {3.5};
  RdpAccountant accountant(orders);
  accountant.add_gaussian(0.1, 2, 5);
  accountant.add_gaussian(0.3, 1.5);
  accountant.add_laplace(4, 2);
  const double rdp =
      5 * gaussian_rdp(0.1, 2, 3.5) + gaussian_rdp(0.3, 1.5, 3.5) + 2 * laplace_rdp(4, 3.5);
  EXPECT_NEAR(accountant.epsilon(1e-3).classic, rdp + std::log(1e3) / 2.5, 1e-12);
  EXPECT_NEAR(accountant.epsilon(1e-3).tight,
              rdp + std::log(2.5 / 3.5) - std::log(1e-3 * 3.5) / 2.5, 1e-12);
}

TEST(Accountant, NothingCostsNothing) {
  RdpAccountant accountant;
  EXPECT_EQ(accountant.epsilon(1e-5).classic, 0);
  EXPECT_EQ(accountant.epsilon(1e-5).tight, 0);
  accountant.add_gaussian(0, 1, 100);  // nobody takes part
  EXPECT_EQ(accountant.epsilon(1e-5).tight, 0);
}

TEST(Accountant, MoreIsSpentByMoreStepsLessNoiseAndHigherRates) {
  const auto spent = [](double rate, double sigma, int64_t steps) {
    RdpAccountant accountant;
    accountant.add_gaussian(rate, sigma, steps);
    return accountant.epsilon(1e-5).tight;
  };
  const double base = spent(0.05, 1.2, 50);
  EXPECT_GT(spent(0.05, 1.2, 60), base);
  EXPECT_GT(spent(0.05, 1.1, 50), base);
  EXPECT_GT(spent(0.06, 1.2, 50), base);
  EXPECT_GT(spent(1, 1.2, 50), base);
}

// Poisson sampling hides who took part, so it never costs more than to take all.
TEST(Accountant, SamplingNeverCostsMoreThanTakingAll) {
  for (const double sigma : {0.001, 0.01, 0.05, 0.1, 0.3, 1.0, 5.0}) {
    RdpAccountant all;
    all.add_gaussian(1, sigma, 10);
    for (const double rate : {0.001, 0.1, 0.5, 0.999}) {
      RdpAccountant some;
      some.add_gaussian(rate, sigma, 10);
      EXPECT_LE(some.epsilon(1e-5).tight, all.epsilon(1e-5).tight) << rate << ' ' << sigma;
      EXPECT_LE(some.epsilon(1e-5).classic, all.epsilon(1e-5).classic) << rate << ' ' << sigma;
    }
  }
}

TEST(Accountant, CalibrationMeetsItsTargetClosely) {
  for (const double target : {0.3, 3.0, 20.0}) {
    const double sigma = calibrate_sigma(0.02, 1000, target, 1e-5);
    RdpAccountant accountant, less;
    accountant.add_gaussian(0.02, sigma, 1000);
    less.add_gaussian(0.02, 0.999 * sigma, 1000);
    EXPECT_LE(accountant.epsilon(1e-5).tight, target);
    EXPECT_GT(less.epsilon(1e-5).tight, target);
  }
  // The first of the known values, backwards.
  EXPECT_NEAR(calibrate_sigma(0.01, 10000, 0.6592, 1e-5), 6, 0.003);
}

TEST(Accountant, WhatIsOutsideIsRefusedByName) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_refused([] { gaussian_rdp(1.5, 1, 2); },
                 "the sampling rate is 1.5: give a number from 0 to 1");
  expect_refused([&] { gaussian_rdp(nan, 1, 2); }, "the sampling rate is nan");
  expect_refused([] { gaussian_rdp(0.5, 0, 2); }, "sigma is 0: give a finite number above 0");
  expect_refused([] { gaussian_rdp(0.5, 1, 1); }, "order of a Renyi divergence is 1");
  expect_refused([] { laplace_rdp(-1, 2); }, "scale of Laplace noise is -1");
  expect_refused([] { RdpAccountant({2, 0.5}); }, "is 0.5: give a finite number above 1");
  expect_refused([] { RdpAccountant().epsilon(1); },
                 "delta is 1: give a number above 0 and below 1");
  expect_refused([] { calibrate_sigma(0.1, 10, 0, 1e-5); }, "the target epsilon is 0");
  expect_refused([] { calibrate_sigma(1, 1000000, 1e-9, 1e-5); }, "no sigma below 1e6");
}

}  // namespace
}  // namespace medpfl
