#include "core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

namespace medpfl {
namespace {

constexpr int kDraws = 200000;

StreamKey key(uint64_t step = 0) { return {2026, Purpose::kBenchmark, 3, 5, step}; }

std::vector<uint32_t> first_numbers(const StreamKey& k, int n = 8) {
  RandomStream stream(k);
  std::vector<uint32_t> out;
  for (int i = 0; i < n; ++i) out.push_back(stream());
  return out;
}

struct Moments {
  double mean = 0, variance = 0, skewness = 0, excess = 0;
};

Moments moments(const std::function<double()>& draw) {
  std::vector<double> x(kDraws);
  for (double& v : x) v = draw();
  Moments m;
  for (const double v : x) m.mean += v / kDraws;
  double third = 0, fourth = 0;
  for (const double v : x) {
    const double d = v - m.mean;
    m.variance += d * d / kDraws;
    third += d * d * d / kDraws;
    fourth += d * d * d * d / kDraws;
  }
  m.skewness = third / std::pow(m.variance, 1.5);
  m.excess = fourth / (m.variance * m.variance) - 3;
  return m;
}

TEST(RandomStream, EqualKeysGiveEqualNumbers) {
  EXPECT_EQ(first_numbers(key()), first_numbers(key()));
}

TEST(RandomStream, EveryPartOfTheKeyCounts) {
  std::set<std::vector<uint32_t>> seen;
  const StreamKey base{1, Purpose::kDefense, 1, 2, 3};
  std::vector<StreamKey> keys(8, base);
  keys[1].seed = 2;
  keys[2].purpose = Purpose::kProbe;
  keys[3].round = 2;
  keys[4].client = 1;
  keys[5].step = 2;
  std::swap(keys[6].round, keys[6].client);  // places must not be interchangeable
  std::swap(keys[7].client, keys[7].step);
  for (const StreamKey& k : keys) seen.insert(first_numbers(k));
  EXPECT_EQ(seen.size(), keys.size());
}

// A change of the generator would change every result. The raw numbers were also computed with a
// Philox4x32-10 and a SplitMix64 written in Python from the papers.
TEST(RandomStream, FirstNumbersAreKnown) {
  EXPECT_EQ(first_numbers({1, Purpose::kModelInit, 0, 0, 0}, 4),
            (std::vector<uint32_t>{2380085251U, 1390649143U, 1709505055U, 2670016437U}));
  EXPECT_EQ(first_numbers({7, Purpose::kDefense, 2, 3, 4}, 4),
            (std::vector<uint32_t>{1259549808U, 489863490U, 1518367901U, 4092979343U}));
  RandomStream stream(key());
  EXPECT_DOUBLE_EQ(stream.uniform(), 0.41133654629811645);
  EXPECT_DOUBLE_EQ(stream.normal(), 0.37157697664368616);
  EXPECT_DOUBLE_EQ(stream.laplace(2), -0.78820065984440368);
  EXPECT_DOUBLE_EQ(stream.gamma(0.5), 0.36936062711792472);
  EXPECT_EQ(stream.below(1000), 632U);
  EXPECT_EQ(stream.permutation(6), (std::vector<int64_t>{2, 5, 0, 4, 3, 1}));
}

TEST(RandomStream, UniformStaysInRangeWithItsMoments) {
  RandomStream stream(key());
  const Moments m = moments([&] {
    const double v = stream.uniform();
    EXPECT_TRUE(v >= 0 && v < 1) << v;
    return v;
  });
  EXPECT_NEAR(m.mean, 0.5, 0.004);
  EXPECT_NEAR(m.variance, 1.0 / 12, 0.001);
  const Moments shifted = moments([&] { return stream.uniform(-3, 1); });
  EXPECT_NEAR(shifted.mean, -1, 0.015);
  EXPECT_NEAR(shifted.variance, 16.0 / 12, 0.015);
}

TEST(RandomStream, NormalHasItsMoments) {
  RandomStream stream(key(1));
  const Moments m = moments([&] { return stream.normal(); });
  EXPECT_NEAR(m.mean, 0, 0.012);
  EXPECT_NEAR(m.variance, 1, 0.016);
  EXPECT_NEAR(m.skewness, 0, 0.03);
  EXPECT_NEAR(m.excess, 0, 0.06);
}

TEST(RandomStream, LaplaceHasItsMoments) {
  RandomStream stream(key(2));
  const Moments m = moments([&] { return stream.laplace(0.5); });
  EXPECT_NEAR(m.mean, 0, 0.008);
  EXPECT_NEAR(m.variance, 0.5, 0.015);
  EXPECT_NEAR(m.skewness, 0, 0.15);
  EXPECT_NEAR(m.excess, 3, 0.6);
}

TEST(RandomStream, GammaHasItsMomentsOnBothSidesOfOne) {
  for (const double shape : {0.1, 0.5, 1.0, 4.0}) {
    RandomStream stream(key(static_cast<uint64_t>(10 * shape)));
    const Moments m = moments([&] {
      const double v = stream.gamma(shape);
      EXPECT_GE(v, 0);
      return v;
    });
    EXPECT_NEAR(m.mean, shape, 5 * std::sqrt(shape / kDraws)) << shape;
    EXPECT_NEAR(m.variance / shape, 1, 0.05) << shape;
  }
}

TEST(RandomStream, PermutationHoldsEachNumberOnce) {
  RandomStream stream(key(4));
  std::vector<int64_t> order = stream.permutation(1000);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  std::vector<int64_t> expected(1000);
  std::iota(expected.begin(), expected.end(), int64_t{0});
  EXPECT_EQ(order, expected);
  EXPECT_TRUE(stream.permutation(0).empty());
  EXPECT_EQ(stream.permutation(1), std::vector<int64_t>{0});
}

TEST(RandomStream, PermutationsAreEquallyLikely) {
  RandomStream stream(key(5));
  std::array<int, 64> counts{};
  constexpr int kTrials = 60000;
  for (int i = 0; i < kTrials; ++i) {
    const std::vector<int64_t> p = stream.permutation(3);
    ++counts[static_cast<size_t>(p[0] * 9 + p[1] * 3 + p[2])];
  }
  int kinds = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    ++kinds;
    EXPECT_NEAR(count, kTrials / 6, 5 * std::sqrt(kTrials / 6.0));
  }
  EXPECT_EQ(kinds, 6);
}

TEST(RandomStream, BelowIsUnbiased) {
  RandomStream stream(key(6));
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(stream.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 5 * std::sqrt(10000.0 * 6 / 7));
  EXPECT_EQ(stream.below(1), 0U);
  // Two thirds of 2^64: a remainder of 64 bits would put half of the draws in the lower half of
  // them.
  const uint64_t n = 12297829382473034411U;
  int low = 0;
  for (int i = 0; i < 20000; ++i) {
    const uint64_t draw = stream.below(n);
    EXPECT_LT(draw, n);
    low += draw < n / 2 ? 1 : 0;
  }
  EXPECT_NEAR(low, 10000, 5 * std::sqrt(5000.0));
}

}  // namespace
}  // namespace medpfl
