#include "privacy/mechanisms.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace medpfl {
namespace {

FlatParameters parameters(const std::vector<float>& values) {
  ParameterLayout layout;
  const int64_t half = static_cast<int64_t>(values.size()) / 2;
  layout.add("first", {half});
  layout.add("second", {static_cast<int64_t>(values.size()) - half});
  FlatParameters out(layout);
  for (size_t i = 0; i < values.size(); ++i) out.data()[i] = values[i];
  return out;
}

RandomStream stream_of(uint64_t step) {
  return RandomStream(StreamKey{11, Purpose::kDefense, 2, 3, step});
}

struct Moments {
  double mean = 0, variance = 0, kurtosis = 0;
};

Moments moments(const FlatParameters& values) {
  const double n = static_cast<double>(values.size());
  Moments m;
  for (int64_t i = 0; i < values.size(); ++i) m.mean += values.data()[i] / n;
  double fourth = 0;
  for (int64_t i = 0; i < values.size(); ++i) {
    const double d = values.data()[i] - m.mean;
    m.variance += d * d / n;
    fourth += d * d * d * d / n;
  }
  m.kurtosis = fourth / (m.variance * m.variance);
  return m;
}

TEST(Mechanisms, ClipUsesOneNormOverAllLayers) {
  // Each layer has norm 5, all of it 5 sqrt(2).
  FlatParameters update = parameters({3, 4, 4, 3});
  EXPECT_DOUBLE_EQ(clip_l2(&update, 5), std::sqrt(50.0));
  EXPECT_NEAR(update.norm(), 5, 1e-6);
  EXPECT_NEAR(update.data()[0], 3 / std::sqrt(2.0), 1e-6);
  EXPECT_NEAR(update.data()[1], 4 / std::sqrt(2.0), 1e-6);
}

TEST(Mechanisms, ClipLeavesShortVectorsAlone) {
  FlatParameters update = parameters({3, 4, 0, 0});
  EXPECT_DOUBLE_EQ(clip_l2(&update, 5), 5);
  EXPECT_EQ(update.data()[0], 3);
  EXPECT_EQ(update.data()[1], 4);
  FlatParameters zero = parameters({0, 0});
  EXPECT_DOUBLE_EQ(clip_l2(&zero, 1), 0);
  EXPECT_TRUE(zero.all_finite());
}

TEST(Mechanisms, ClipSurvivesLargeAndTinyNorms) {
  FlatParameters large = parameters({3e30F, 4e30F});
  clip_l2(&large, 1);
  EXPECT_NEAR(large.norm(), 1, 1e-6);
  FlatParameters tiny = parameters({3e-30F, 4e-30F});
  clip_l2(&tiny, 1);
  EXPECT_EQ(tiny.data()[0], 3e-30F);
}

TEST(Mechanisms, ClipRefusesWhatIsNotANumber) {
  FlatParameters broken = parameters({1, std::numeric_limits<float>::quiet_NaN()});
  try {
    clip_l2(&broken, 1);
    FAIL() << "no error";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("is nan"), std::string::npos) << error.what();
  }
  FlatParameters update = parameters({1, 2});
  for (const double bound : {0.0, -1.0, std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THROW(clip_l2(&update, bound), ConfigError) << bound;
}

TEST(Mechanisms, GaussianHasItsMoments) {
  FlatParameters values = parameters(std::vector<float>(100000, 0.5F));
  RandomStream stream = stream_of(0);
  add_gaussian(&values, 0.2, &stream);
  const Moments m = moments(values);
  EXPECT_NEAR(m.mean, 0.5, 4 * 0.2 / std::sqrt(1e5));
  EXPECT_NEAR(m.variance, 0.04, 0.04 * 0.02);
  EXPECT_NEAR(m.kurtosis, 3, 0.08);
}

TEST(Mechanisms, LaplaceHasItsMoments) {
  FlatParameters values = parameters(std::vector<float>(100000, -0.5F));
  RandomStream stream = stream_of(0);
  add_laplace(&values, 0.2, &stream);
  const Moments m = moments(values);
  EXPECT_NEAR(m.mean, -0.5, 4 * 0.2 * std::sqrt(2.0 / 1e5));
  EXPECT_NEAR(m.variance, 2 * 0.04, 0.08 * 0.03);
  EXPECT_NEAR(m.kurtosis, 6, 0.6);
}

TEST(Mechanisms, NoiseFollowsTheStream) {
  FlatParameters a = parameters({1, 2, 3, 4}), b = a, c = a;
  RandomStream first = stream_of(1), same = stream_of(1), other = stream_of(2);
  add_gaussian(&a, 1, &first);
  add_gaussian(&b, 1, &same);
  add_gaussian(&c, 1, &other);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(a.data()[i], b.data()[i]);
    EXPECT_NE(a.data()[i], c.data()[i]);
  }
}

TEST(Mechanisms, NoNoiseChangesAndDrawsNothing) {
  FlatParameters update = parameters({1, 2, 3, 4});
  RandomStream used = stream_of(1), fresh = stream_of(1);
  add_gaussian(&update, 0, &used);
  add_laplace(&update, 0, &used);
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(update.data()[i], static_cast<float>(i + 1));
  EXPECT_EQ(used(), fresh());
}

TEST(Mechanisms, NoiseRefusesABadScale) {
  FlatParameters update = parameters({1, 2});
  RandomStream stream = stream_of(1);
  for (const double scale :
       {-0.1, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(add_gaussian(&update, scale, &stream), ConfigError) << scale;
    EXPECT_THROW(add_laplace(&update, scale, &stream), ConfigError) << scale;
  }
  EXPECT_EQ(update.data()[0], 1);
}

}  // namespace
}  // namespace medpfl
