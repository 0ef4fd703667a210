#include "privacy/identification_bound.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../core/refusal.hpp"
#include "privacy/accountant.hpp"

namespace medpfl {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Values by tests/privacy/reference_identification.py (SciPy 1.10.1).
TEST(IdentificationBound, GaussianAgreesWithScipy) {
  struct Known {
    double kappa, mu, gaussian, renyi;
  };
  for (const Known& k : std::vector<Known>{
           {0.5, 0.1, 0.539827837277, 0.5596709942},
           {0.5, 1, 0.841344746069, 0.984386024},
           {0.1, 0.3, 0.16316040937, 0.181991502},
           {0.1, 2, 0.763759584106, 0.9894035023},
           {0.00390625, 0.5, 0.0153837234761, 0.018223046},
           {0.00390625, 3, 0.633046331303, 0.9469375713},
           {0.00390625, 6, 0.999581006273, 1},
           {1e-06, 1, 8.72176101404e-05, 0.0001163405621},
           {0.9, 0.25, 0.937183433794, 0.9783873594},
       }) {
    const double bound = gaussian_identification_bound(k.kappa, k.mu);
    EXPECT_NEAR(bound, k.gaussian, 1e-10 * k.gaussian);
    // The reference minimizes over all orders, the accountant over its own.
    RdpAccountant accountant;
    accountant.add_gaussian(1, 1 / k.mu);
    const double renyi =
        renyi_identification_bound(k.kappa, accountant.orders(), accountant.divergences());
    EXPECT_GE(renyi, k.renyi * (1 - 1e-8));
    EXPECT_LE(renyi, k.renyi * 1.01);
    EXPECT_GE(renyi, bound);
  }
}

TEST(IdentificationBound, SampledAgreesWithScipy) {
  struct Known {
    double kappa, rate, sigma;
    int64_t steps;
    double bound;
  };
  std::vector<double> orders;
  for (int order = 2; order <= 256; ++order) orders.push_back(order);
  for (const Known& k : std::vector<Known>{
           {0.00390625, 0.01, 1, 1000, 0.015901970023},
           {0.1, 0.05, 1, 100, 0.349597129816},
           {0.5, 0.1, 2, 50, 0.728833834802},
           {0.015625, 0.25, 1.5, 8, 0.0748388626585},
       }) {
    RdpAccountant accountant(orders);
    accountant.add_gaussian(k.rate, k.sigma, k.steps);
    EXPECT_NEAR(renyi_identification_bound(k.kappa, orders, accountant.divergences()), k.bound,
                1e-9 * k.bound);
  }
}

TEST(IdentificationBound, EndsAtChanceAndAtCertainty) {
  for (const double kappa : {1e-6, 1.0 / 256, 0.5, 1.0}) {
    EXPECT_EQ(gaussian_identification_bound(kappa, 0), kappa);
    EXPECT_NEAR(gaussian_identification_bound(kappa, 1e-7), kappa, 1e-6 * kappa);
    EXPECT_EQ(gaussian_identification_bound(kappa, kInfinity), kappa == 1 ? kappa : 1);
    EXPECT_EQ(renyi_identification_bound(kappa, {2, 8}, {0, 0}), kappa);
    EXPECT_EQ(renyi_identification_bound(kappa, {2, 8}, {kInfinity, 1e6}), 1);
  }
}

TEST(IdentificationBound, GrowsWithChanceAndReleasesAndFallsWithNoise) {
  double before = 0;
  for (const double kappa : {1e-5, 1.0 / 256, 0.01, 0.3, 0.9}) {
    const double bound = gaussian_identification_bound(kappa, 1.2);
    EXPECT_GT(bound, before);
    before = bound;
  }
  const auto sampled = [](double kappa, double sigma, int64_t steps) {
    RdpAccountant accountant;
    accountant.add_gaussian(0.1, sigma, steps);
    return renyi_identification_bound(kappa, accountant.orders(), accountant.divergences());
  };
  EXPECT_LT(sampled(0.01, 1, 20), sampled(0.1, 1, 20));
  for (const double sigma : {0.8, 1.5, 4.0}) {
    EXPECT_LT(sampled(0.01, sigma, 10), sampled(0.01, sigma, 40));
    EXPECT_GT(sampled(0.01, sigma, 10), sampled(0.01, 1.1 * sigma, 10));
    EXPECT_LT(gaussian_identification_bound(0.01, std::sqrt(10) / sigma),
              gaussian_identification_bound(0.01, std::sqrt(40) / sigma));
  }
}

// Success of the attacker who names the most likely of K candidates, by the likelihood of all
// releases: T scalars, of which each holds the candidate's contribution with probability `rate`.
// `error` gets three standard deviations of the estimate.
double success(const std::vector<double>& contributions, double sigma, double rate, int64_t steps,
               double* error) {
  std::mt19937_64 random(17);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  constexpr int kDraws = 40000;
  int right = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto truth = static_cast<size_t>(uniform(random) * contributions.size());
    std::vector<double> likelihood(contributions.size(), 0);
    for (int64_t t = 0; t < steps; ++t) {
      const double y = (uniform(random) < rate ? contributions[truth] : 0) + sigma * normal(random);
      for (size_t k = 0; k < contributions.size(); ++k) {
        const double c = contributions[k];
        likelihood[k] +=
            std::log(1 - rate + rate * std::exp((2 * y * c - c * c) / (2 * sigma * sigma)));
      }
    }
    size_t best = 0;
    for (size_t k = 1; k < contributions.size(); ++k)
      if (likelihood[k] > likelihood[best]) best = k;
    right += best == truth ? 1 : 0;
  }
  const double share = static_cast<double>(right) / kDraws;
  *error = 3 * std::sqrt((share * (1 - share) + 1.0 / kDraws) / kDraws);
  return share;
}

TEST(IdentificationBound, TheBestAttackerStaysBelow) {
  const std::vector<std::vector<double>> sets = {
      {-1, 1}, {-1, 0, 1}, {-1, -0.5, 0, 0.5, 1}, {1, -1, 0.9, -0.9, 0.1, -0.2, 0.4, -0.6}};
  for (const auto& contributions : sets)
    for (const double sigma : {0.3, 1.0, 3.0})
      for (const double rate : {1.0, 0.3})
        for (const int64_t steps : {1, 6}) {
          const double kappa = 1.0 / static_cast<double>(contributions.size());
          double error = 0;
          const double share = success(contributions, sigma, rate, steps, &error);
          RdpAccountant accountant;
          accountant.add_gaussian(rate, sigma, steps);
          const double mu = std::sqrt(static_cast<double>(steps)) / sigma;
          const double gaussian = gaussian_identification_bound(kappa, mu);
          const double renyi =
              renyi_identification_bound(kappa, accountant.orders(), accountant.divergences());
          EXPECT_LE(share - error, std::min(gaussian, renyi))
              << contributions.size() << " candidates, sigma " << sigma << ", rate " << rate;
          // Two opposite contributions reach the bound: under add/remove it needs no factor of 2.
          if (contributions.size() == 2 && rate == 1) {
            EXPECT_NEAR(share, gaussian, 2 * error + 1e-4);
          }
        }
}

TEST(IdentificationBound, OrthogonalContributionsStayBelow) {
  struct Known {
    int64_t candidates;
    double mu, success;
  };
  for (const Known& k : std::vector<Known>{{2, 1, 0.7602499389},
                                           {10, 1, 0.3409357687},
                                           {10, 3, 0.9024884378},
                                           {256, 2, 0.2214420269},
                                           {256, 4, 0.8629282453}})
    EXPECT_GT(gaussian_identification_bound(1.0 / static_cast<double>(k.candidates), k.mu),
              k.success);
}

TEST(IdentificationBound, ChanceCountsReconstructionsOthersAndClasses) {
  EXPECT_DOUBLE_EQ(chance_of_identification(1, 256), 1.0 / 256);
  EXPECT_DOUBLE_EQ(chance_of_identification(4, 43), 4.0 / 40);
  EXPECT_DOUBLE_EQ(chance_of_identification(1, 256, 2), 2.0 / 256);
  EXPECT_EQ(chance_of_identification(8, 8), 1);
  EXPECT_EQ(chance_of_identification(8, 0), 1);
}

TEST(IdentificationBound, WhatIsOutsideIsRefusedByName) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_refused([] { gaussian_identification_bound(0, 1); }, "kappa is 0: give a number above 0");
  expect_refused([&] { gaussian_identification_bound(nan, 1); }, "kappa is nan");
  expect_refused([] { gaussian_identification_bound(0.5, -1); },
                 "mu is -1: give a number from 0 on");
  expect_refused([] { renyi_identification_bound(1.5, {2}, {1}); }, "kappa is 1.5");
  expect_refused([] { chance_of_identification(0, 5); }, "0 images of 1 classes");
  EXPECT_THROW(renyi_identification_bound(0.5, {2, 3}, {1}), Error);
}

}  // namespace
}  // namespace medpfl
