#include "comm/exact_sum.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/random.hpp"

namespace medpfl {
namespace {

std::vector<std::vector<float>> updates(int count, int n) {
  RandomStream random({1, Purpose::kBenchmark, 0, 0, 0});
  std::vector<std::vector<float>> out(static_cast<size_t>(count),
                                      std::vector<float>(static_cast<size_t>(n)));
  for (auto& update : out)
    for (float& v : update) v = static_cast<float>(random.normal() * std::exp(2 * random.normal()));
  return out;
}

TEST(ExactSum, OrderDoesNotMatter) {
  const auto terms = updates(50, 64);
  ExactSum forward(64), backward(64);
  for (const auto& t : terms) forward.add(t.data(), 64, 1.0 / 50, "t", 0);
  for (auto t = terms.rbegin(); t != terms.rend(); ++t)
    backward.add(t->data(), 64, 1.0 / 50, "t", 0);
  for (int64_t i = 0; i < 64; ++i) {
    EXPECT_EQ(forward[i], backward[i]);
    double sum = 0;
    for (const auto& t : terms) sum += t[static_cast<size_t>(i)] / 50.0;
    EXPECT_NEAR(forward[i], sum, 50 * ExactSum::kUnit + 1e-14 * std::abs(sum));
  }
}

TEST(ExactSum, HoldsItsWholeRange) {
  ExactSum sum(1);
  const auto largest = static_cast<float>(ExactSum::kRange);
  sum.add(&largest, 1, 1, "t", 0);
  EXPECT_EQ(sum[0], ExactSum::kRange);
  sum.clear();
  const float negative = -largest;
  sum.add(&negative, 1, 0.75, "t", 0);
  EXPECT_EQ(sum[0], -0.75 * ExactSum::kRange);
}

TEST(ExactSum, RefusesWhatItCannotHold) {
  ExactSum sum(2);
  for (const float bad : {2e6F, -2e6F, std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()}) {
    const std::vector<float> values = {1, bad};
    try {
      sum.add(values.data(), 2, 0.5, "update of hospital 3", 0);
      ADD_FAILURE() << bad << " was taken";
    } catch (const NumericError& error) {
      EXPECT_EQ(std::string(error.what()),
                fmt::format("update of hospital 3: element 1 is {}, outside the range +-1048576 of "
                            "the exact sum; training or a defense diverged: lower the learning "
                            "rate or the noise scale",
                            static_cast<double>(bad)));
    }
    EXPECT_EQ(sum[0], 0) << "a refused term must leave nothing behind";
  }
  EXPECT_THROW(sum.add(std::nan(""), 1, "loss", 1), NumericError);
}

TEST(ExactSum, ShuffledTermsGiveTheSameBits) {
  const auto terms = updates(40, 16);
  RandomStream random({2, Purpose::kBenchmark, 0, 0, 0});
  ExactSum ordered(16), shuffled(16);
  // Hospitals of unequal size: the weights 1, 2 ... 40 over their sum.
  const auto add = [&](ExactSum* sum, size_t t) {
    sum->add(terms[t].data(), 16, static_cast<double>(t + 1) / 820, "t", 0);
  };
  for (size_t t = 0; t < 40; ++t) add(&ordered, t);
  for (int repeat = 0; repeat < 5; ++repeat) {
    shuffled.clear();
    for (const int64_t t : random.permutation(40)) add(&shuffled, static_cast<size_t>(t));
    for (int64_t i = 0; i < 16; ++i) EXPECT_EQ(shuffled[i], ordered[i]);
  }
}

// Values in units, all exact in float32.
TEST(ExactSum, RoundsToNearestTiesToEven) {
  const std::vector<std::pair<double, double>> cases = {
      {0.5, 0},   {1.5, 2},  {2.5, 2},   {-0.5, 0},         {-1.5, -2},
      {-2.5, -2}, {0.75, 1}, {-0.25, 0}, {99999.5, 100000}, {0x1p52, 0x1p52}};
  for (const auto& [units, rounded] : cases) {
    const auto value = static_cast<float>(units * ExactSum::kUnit);
    ASSERT_EQ(static_cast<double>(value), units * ExactSum::kUnit);
    ExactSum many(1), one(1);
    many.add(&value, 1, 1, "t", 0);
    one.add(units * ExactSum::kUnit, 1, "t", 0);
    EXPECT_EQ(many[0] / ExactSum::kUnit, rounded) << units;
    EXPECT_EQ(one[0] / ExactSum::kUnit, rounded) << units;
  }
}

// Around 2^51 units the sum rounds by another rule; both must give the nearest integer.
TEST(ExactSum, RoundsAlikeOnBothSidesOfTwoToThe51) {
  for (const double units : {0x1p51 - 1.5, 0x1p51 - 0.5, 0x1p51 + 0.5, 0x1p51 + 1.5}) {
    for (const float value : {1024.0F, -1024.0F}) {
      ExactSum sum(1);
      sum.add(&value, 1, units * ExactSum::kUnit / 1024, "t", 0);
      EXPECT_EQ(sum[0] / ExactSum::kUnit, std::copysign(std::nearbyint(units), value)) << units;
    }
  }
}

TEST(ExactSum, AddsAtAnOffset) {
  ExactSum sum(3);
  const std::vector<float> values = {1, -2};
  sum.add(values.data(), 2, 0.5, "t", 1);
  sum.add(-3, 1, "t", 2);
  EXPECT_EQ(sum[0], 0);
  EXPECT_EQ(sum[1], 0.5);
  EXPECT_EQ(sum[2], -4);
}

TEST(ExactSum, IsCopiedTimesAFactor) {
  ExactSum sum(2);
  const std::vector<float> values = {3, -1};
  sum.add(values.data(), 2, 0.5, "t", 0);
  std::vector<float> out(2);
  sum.copy_to(out.data(), 2, 4);
  EXPECT_EQ(out, (std::vector<float>{6, -2}));
}

// What is added to the integers beyond their range and taken away again leaves nothing.
TEST(ExactSum, IntegersWrapAround) {
  ExactSum sum(2);
  const std::vector<float> values = {3, -1};
  sum.add(values.data(), 2, 1, "t", 0);
  EXPECT_EQ(sum.integers()[0], uint64_t{3} << 42);
  EXPECT_EQ(sum.integers()[1], ~uint64_t{0} - (uint64_t{1} << 42) + 1);
  const uint64_t mask = uint64_t{5} << 61;
  for (int i = 0; i < 2; ++i) sum.integers()[i] += mask;
  EXPECT_GT(std::abs(sum[0]), ExactSum::kRange);
  sum.add(values.data(), 2, 1, "t", 0);
  for (int i = 0; i < 2; ++i) sum.integers()[i] -= mask;
  EXPECT_EQ(sum[0], 6);
  EXPECT_EQ(sum[1], -2);
}

}  // namespace
}  // namespace medpfl
