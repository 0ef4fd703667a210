#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "defenses/defense.hpp"
#include "updates.hpp"

namespace medpfl::gaussian_test {
namespace {

using namespace testing;

const DefenseContext kContext = {42, 3, 5, 0, 0};

TEST(Gaussian, AbsoluteNoiseHasItsMoments) {
  const FlatParameters update = random_update(100000);
  const auto defense = make_hook("gaussian", {{"scale", "0.5"}});
  const Moments m = noise_moments(values_of(update), defended(*defense, update, kContext));
  EXPECT_NEAR(m.mean, 0, 4 * 0.5 / std::sqrt(1e5));
  EXPECT_NEAR(m.variance, 0.25, 0.25 * 0.02);
  EXPECT_NEAR(m.kurtosis, 3, 0.08);
}

TEST(Gaussian, NoiseOfTwoClientsIsUncorrelated) {
  FlatParameters zeros = random_update(100000);
  zeros.fill(0);
  const auto defense = make_hook("gaussian", {{"scale", "1"}});
  const std::vector<float> a = defended(*defense, zeros, {42, 3, 5, 0, 0});
  const std::vector<float> b = defended(*defense, zeros, {42, 3, 6, 0, 0});
  double covariance = 0;
  for (size_t i = 0; i < a.size(); ++i) covariance += static_cast<double>(a[i]) * b[i] / 1e5;
  EXPECT_NEAR(covariance, 0, 4 / std::sqrt(1e5));
}

TEST(Gaussian, RelativeToTheNormMeansTheRootMeanSquareEntry) {
  FlatParameters update = random_update(100000);
  update.multiply(30);
  const double rms = update.norm() / std::sqrt(1e5);
  const auto defense = make_hook("gaussian", {{"scale", "0.1"}, {"relative", "norm"}});
  const Moments m = noise_moments(values_of(update), defended(*defense, update, kContext));
  EXPECT_NEAR(std::sqrt(m.variance), 0.1 * rms, 0.01 * 0.1 * rms);
}

TEST(Gaussian, RelativeToTheNearestRankPercentile) {
  // Magnitudes 1 ... 100, signs alternating: 95 of 100 do not exceed 95.
  std::vector<float> values;
  for (int i = 0; i < 100; ++i)
    values.push_back(static_cast<float>((i * 37 % 100 + 1) * (i % 2 ? 1 : -1)));
  const FlatParameters update = update_of(values);
  const auto relative = make_hook("gaussian", {{"scale", "0.5"}, {"relative", "p95"}});
  const auto absolute = make_hook("gaussian", {{"scale", "47.5"}});
  EXPECT_EQ(defended(*relative, update, kContext), defended(*absolute, update, kContext));
  // Of 2 entries the larger, of 21 the second largest.
  const auto unit = make_hook("gaussian", {{"scale", "1"}, {"relative", "p95"}});
  const auto three = make_hook("gaussian", {{"scale", "3"}});
  const FlatParameters pair = update_of({-3, 1});
  EXPECT_EQ(defended(*unit, pair, kContext), defended(*three, pair, kContext));
  std::vector<float> many(21, 1);
  many[4] = -3;
  many[7] = 9;
  EXPECT_EQ(defended(*unit, update_of(many), kContext),
            defended(*three, update_of(many), kContext));
}

TEST(Gaussian, RelativeNoiseScalesWithTheUpdate) {
  for (const char* relative : {"norm", "p95"}) {
    const auto defense = make_hook("gaussian", {{"relative", relative}});
    const FlatParameters update = random_update(200);
    FlatParameters eightfold = update;
    eightfold.multiply(8);
    std::vector<float> expected = defended(*defense, update, kContext);
    for (float& v : expected) v *= 8;
    const std::vector<float> actual = defended(*defense, eightfold, kContext);
    for (size_t i = 0; i < actual.size(); ++i)
      EXPECT_NEAR(actual[i], expected[i], 1e-5) << relative;
  }
}

TEST(Gaussian, RelativeNoiseThatWouldVanishIsAnError) {
  std::vector<float> sparse(200, 0);
  sparse[3] = 5;
  FlatParameters update = update_of(sparse);
  try {
    make_hook("gaussian", {{"relative", "p95"}})->apply(&update, kContext);
    FAIL() << "no error";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("use relative=norm"), std::string::npos)
        << error.what();
  }
  FlatParameters zeros = update_of(std::vector<float>(200, 0));
  for (const char* relative : {"norm", "p95"})
    EXPECT_EQ(defended(*make_hook("gaussian", {{"relative", relative}}), zeros, kContext),
              values_of(zeros));
}

TEST(Gaussian, RelativeNoiseOfADivergedUpdateIsAnError) {
  FlatParameters update = update_of({1, std::numeric_limits<float>::quiet_NaN(), 2});
  for (const char* relative : {"norm", "p95"}) {
    const auto defense = make_hook("gaussian", {{"relative", relative}});
    EXPECT_THROW(defense->apply(&update, kContext), NumericError) << relative;
  }
}

TEST(Gaussian, SaysWhatItDoes) {
  EXPECT_EQ(make_defense("gaussian").describe(), "gaussian scale=0.01 relative=absolute");
  EXPECT_EQ(make_defense("gaussian", {{"scale", "2.5"}, {"relative", "p95"}}).describe(),
            "gaussian scale=2.5 relative=p95");
}

}  // namespace
}  // namespace medpfl::gaussian_test
