#include <gtest/gtest.h>

#include <cmath>

#include "defenses/defense.hpp"
#include "updates.hpp"

namespace medpfl::laplace_test {
namespace {

using namespace testing;

const DefenseContext kContext = {42, 3, 5, 0, 0};

TEST(Laplace, NoiseOfLevel100HasItsMoments) {
  const FlatParameters update = random_update(100000);
  const auto defense = make_hook("laplace");  // b = 1 / 100
  const Moments m = noise_moments(values_of(update), defended(*defense, update, kContext));
  const double variance = 2 * 0.01 * 0.01;
  EXPECT_NEAR(m.mean, 0, 4 * std::sqrt(variance / 1e5));
  EXPECT_NEAR(m.variance, variance, 0.03 * variance);
  EXPECT_NEAR(m.kurtosis, 6, 0.6);
}

TEST(Laplace, MeanMagnitudeIsTheScale) {
  FlatParameters zeros = random_update(100000);
  zeros.fill(0);
  const std::vector<float> noise =
      defended(*make_hook("laplace", {{"scale", "0.25"}}), zeros, kContext);
  double mean = 0;
  for (const float v : noise) mean += std::abs(v) / 1e5;
  EXPECT_NEAR(mean, 0.25, 0.25 * 0.015);
}

TEST(Laplace, RelativeScales) {
  // Every magnitude is 2, and so are the root mean square and the percentile.
  std::vector<float> values(400, 2);
  for (size_t i = 0; i < values.size(); i += 3) values[i] = -2;
  const FlatParameters update = update_of(values);
  const std::vector<float> expected =
      defended(*make_hook("laplace", {{"scale", "0.5"}}), update, kContext);
  for (const char* relative : {"norm", "p95"})
    EXPECT_EQ(defended(*make_hook("laplace", {{"scale", "0.25"}, {"relative", relative}}), update,
                       kContext),
              expected)
        << relative;
}

TEST(Laplace, SaysWhatItDoes) {
  EXPECT_EQ(make_defense("laplace", {{"scale", "0.0025"}}).describe(),
            "laplace scale=0.0025 relative=absolute");
}

TEST(Laplace, TheScaleMustBeAboveZero) {
  for (const char* name : {"laplace", "gaussian"}) {
    const OptionSpec& scale = defenses().find(name).options.front();
    ASSERT_EQ(scale.name, "scale");
    EXPECT_TRUE(violation(scale, "0").has_value());
    EXPECT_TRUE(violation(scale, "-1").has_value());
    EXPECT_FALSE(violation(scale, "1e-6").has_value());
  }
}

}  // namespace
}  // namespace medpfl::laplace_test
