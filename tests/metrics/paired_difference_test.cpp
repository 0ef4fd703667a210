#include "metrics/paired_difference.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <random>

#include "population.hpp"

namespace medpfl {
namespace {

// Of `n` images, each its own cluster, `first` are found in the first set alone and `second` in the
// second alone.
std::vector<CrossedValue> independent(int64_t first, int64_t second, int64_t n) {
  std::vector<CrossedValue> out;
  for (int64_t i = 0; i < n; ++i)
    out.push_back({i, i, 0, i < first ? 1.0 : i < first + second ? -1.0 : 0.0});
  return out;
}

TEST(PairedDifference, OfIndependentPairsIsThatOfTheReference) {
  struct Row {
    int64_t first, second, n;
    double low, high;
  };
  // tests/metrics/reference_difference.py; 4 of 4 that differ are not yet significant (p = 0.125).
  for (const Row& row :
       {Row{0, 0, 12, -0.264648, 0.264648}, Row{12, 0, 12, 0.514691, 1.000000},
        Row{4, 0, 12, -0.051700, 0.651124}, Row{9, 1, 24, 0.055001, 0.564630},
        Row{20, 20, 40, -0.320262, 0.320262}, Row{3, 14, 24, -0.715025, -0.102433}}) {
    const Estimate d = difference_of(independent(row.first, row.second, row.n));
    EXPECT_DOUBLE_EQ(d.effective, static_cast<double>(row.n));
    EXPECT_NEAR(d.low, row.low, 1e-5) << row.first << ", " << row.second << " of " << row.n;
    EXPECT_NEAR(d.high, row.high, 1e-5) << row.first << ", " << row.second << " of " << row.n;
    EXPECT_TRUE(d.inferred);
  }
}

TEST(PairedDifference, HasASignAndLimitsThatMirrorIt) {
  const Estimate one = difference_of(independent(7, 2, 30)),
                 other = difference_of(independent(2, 7, 30));
  EXPECT_DOUBLE_EQ(one.value, 5.0 / 30);
  EXPECT_DOUBLE_EQ(other.value, -one.value);
  EXPECT_NEAR(other.low, -one.high, 1e-9);
  EXPECT_NEAR(other.high, -one.low, 1e-9);
}

TEST(PairedDifference, EqualPairsAreNotCertain) {
  for (const double value : {-1.0, 0.0, 1.0}) {
    std::vector<CrossedValue> all = independent(0, 0, 20);
    for (CrossedValue& d : all) d.value = value;
    const Estimate s = difference_of(all);
    EXPECT_EQ(s.value, value);
    EXPECT_GT(s.high - s.low, 0.15);
    EXPECT_GE(s.low, -1);
    EXPECT_LE(s.high, 1);
    EXPECT_LE(s.low, value);
    EXPECT_GE(s.high, value);
  }
}

TEST(PairedDifference, ImagesOfOneHospitalAreWorthFewer) {
  std::vector<CrossedValue> all = independent(20, 0, 40);
  const Estimate alone = difference_of(all);
  for (CrossedValue& d : all) d.cluster = d.image / 10;
  const Estimate s = difference_of(all);
  EXPECT_EQ(s.clusters, 4);
  EXPECT_LT(s.effective, 5);
  EXPECT_LT(s.low, alone.low);
}

TEST(PairedDifference, TellsARangeOfFewNetworks) {
  std::vector<CrossedValue> all;
  for (int64_t network = 0; network < 4; ++network)
    for (int64_t i = 0; i < 10; ++i)
      all.push_back({i, i, network, i == 9 ? -1.0 : i < network ? 1.0 : 0.0});
  const Estimate s = difference_of(all);
  EXPECT_FALSE(s.inferred);
  EXPECT_DOUBLE_EQ(s.value, 0.05);
  EXPECT_DOUBLE_EQ(s.low, -0.1);
  EXPECT_DOUBLE_EQ(s.high, 0.2);
}

TEST(PairedDifference, NothingSeenIsNoDifference) {
  const Estimate s = difference_of({});
  EXPECT_TRUE(std::isnan(s.value));
  EXPECT_EQ(s.low, -1);
  EXPECT_EQ(s.high, 1);
}

// Hospitals and networks that a reference computes anew (tests/metrics/reference_difference.py).
TEST(PairedDifference, OfCrossedFactorsIsThatOfTheReference) {
  std::vector<CrossedValue> all;
  for (int64_t network = 0; network < 6; ++network)
    for (int64_t i = 0; i < 12; ++i) {
      const int64_t x = (7 * i + 3 * network + i * network) % 10;
      all.push_back({i, i / 3, network,
                     x < 3 * (network % 3) + 2 * (i / 3) ? 1.0
                     : x == 9                            ? -1.0
                                                         : 0.0});
    }
  const Estimate s = difference_of(all);
  EXPECT_NEAR(s.value, 0.263888889, 1e-8);
  EXPECT_NEAR(s.effective, 6.3073858, 1e-6);
  EXPECT_NEAR(s.low, -0.4658415, 1e-6);
  EXPECT_NEAR(s.high, 0.7909012, 1e-6);
}

// The outcomes of two settings on the same images and networks have half of the variance of each
// effect in common.
std::vector<CrossedValue> draw(const Population& p, double first, double second,
                               std::mt19937_64* random) {
  Normal normal(random);
  const Effects common(p, &normal), of_first(p, &normal), of_second(p, &normal);
  const auto found = [&](double share, const Effects& own, int64_t i, int64_t n, double alone) {
    return normal_quantile(share) * p.deviation() +
               std::sqrt(0.5) * (common.of(i, n) + own.of(i, n)) + alone >
           0;
  };
  std::vector<CrossedValue> out;
  for (int64_t i = 0; i < p.images(); ++i)
    for (int64_t n = 0; n < p.networks; ++n) {
      const bool a = found(first, of_first, i, n, normal()),
                 b = found(second, of_second, i, n, normal());
      out.push_back({i, i / p.images_each, n, static_cast<double>(a) - static_cast<double>(b)});
    }
  return out;
}

// Of intervals of 95 %, at least 93 % hold the difference of the population. The table goes to the
// log, and stands in docs/statistics.md.
TEST(PairedDifference, IntervalsHoldWhatTheySay) {
  std::mt19937_64 random(7);
  std::cout << "| hospitals x images | networks | effects | shares | held | width |\n";
  for (const Population& p : populations())
    for (const auto& [first, second] :
         std::vector<std::pair<double, double>>{{0.1, 0.02}, {0.5, 0.5}, {0.8, 0.02}, {0.8, 0.5}}) {
      const auto interval = [&, one = first, other = second] {
        return difference_of(draw(p, one, other, &random));
      };
      const std::string shares = fmt::format("{:g}, {:g}", first, second);
      EXPECT_GE(coverage(p, shares, first - second, interval), 0.93) << shares;
    }
}

}  // namespace
}  // namespace medpfl
