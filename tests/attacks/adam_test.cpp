#include "attacks/optimizers/adam.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../core/archive_trip.hpp"
#include "valley.hpp"

namespace medpfl {
namespace {

using Status = Optimizer::Status;
constexpr int kN = kValleySize;

AdamOptions options(const std::string& sign, const std::string& schedule, int64_t iterations) {
  AdamOptions out;
  out.sign = words_of(Sign()).parse(sign);
  out.schedule = {words_of(Course()).parse(schedule), iterations, 0};
  out.noise = {5, Purpose::kAttackNoise, 1, 2, 3};
  return out;
}

// Printed by reference_adam.py: torch.optim.Adam(lr=0.1), MultiStepLR at 3, 5, 7 of 8 iterations.
using Iterates = std::vector<std::vector<float>>;
const std::vector<Iterates> kReference = {{
                                              {0.09999999F, 0.09999999F, 0.10000000F, 0.09999999F,
                                               0.09999999F, 0.10000000F, 0.09999999F, 0.09999999F},
                                              {0.19404913F, 0.19778961F, 0.19856748F, 0.19888458F,
                                               0.19905382F, 0.19915828F, 0.19922894F, 0.19927981F},
                                              {0.27742219F, 0.29191571F, 0.29478508F, 0.29593009F,
                                               0.29653472F, 0.29690567F, 0.29715559F, 0.29733509F},
                                              {0.28457204F, 0.30088559F, 0.30411160F, 0.30539653F,
                                               0.30607438F, 0.30649003F, 0.30676997F, 0.30697101F},
                                              {0.29088506F, 0.30958363F, 0.31326389F, 0.31472415F,
                                               0.31549305F, 0.31596404F, 0.31628105F, 0.31650862F},
                                              {0.29145318F, 0.31043485F, 0.31416747F, 0.31564766F,
                                               0.31642684F, 0.31690404F, 0.31722522F, 0.31745577F},
                                              {0.29197255F, 0.31127405F, 0.31506386F, 0.31656554F,
                                               0.31735572F, 0.31783956F, 0.31816518F, 0.31839889F},
                                              {0.29202059F, 0.31135717F, 0.31515306F, 0.31665698F,
                                               0.31744832F, 0.31793284F, 0.31825891F, 0.31849295F},
                                          },
                                          {
                                              {0.09999999F, 0.09999999F, 0.09999999F, 0.09999999F,
                                               0.09999999F, 0.09999999F, 0.09999999F, 0.09999999F},
                                              {0.19999999F, 0.19999999F, 0.19999999F, 0.19999999F,
                                               0.19999999F, 0.19999999F, 0.19999999F, 0.19999999F},
                                              {0.29999998F, 0.29999998F, 0.29999998F, 0.29999998F,
                                               0.29999998F, 0.29999998F, 0.29999998F, 0.29999998F},
                                              {0.30999997F, 0.30999997F, 0.30999997F, 0.30999997F,
                                               0.30999997F, 0.30999997F, 0.30999997F, 0.30999997F},
                                              {0.31511608F, 0.31999996F, 0.31999996F, 0.31999996F,
                                               0.31999996F, 0.31999996F, 0.31999996F, 0.31999996F},
                                              {0.31530508F, 0.32099995F, 0.32099995F, 0.32099995F,
                                               0.32099995F, 0.32099995F, 0.32099995F, 0.32099995F},
                                              {0.31526619F, 0.32199994F, 0.32199994F, 0.32199994F,
                                               0.32199994F, 0.32199994F, 0.32199994F, 0.32199994F},
                                              {0.31524542F, 0.32209992F, 0.32209992F, 0.32209992F,
                                               0.32209992F, 0.32209992F, 0.32209992F, 0.32209992F},
                                          }};

TEST(Adam, FollowsTheReference) {
  for (const size_t hard : {size_t{0}, size_t{1}}) {
    Adam adam(options(hard == 1 ? "hard" : "none", "step", 8), kN);
    std::vector<float> x(kN);
    for (const auto& expected : kReference[hard]) {
      EXPECT_EQ(adam.step(valley, x.data()), Status::kRunning);
      for (size_t i = 0; i < kN; ++i) EXPECT_NEAR(x[i], expected[i], 2e-6) << hard;
    }
    EXPECT_EQ(adam.evaluations(), 8);
  }
}

// Adam's first step has one length; the ratio of two steps shows what it was fed.
TEST(Adam, SoftSignLiesBetweenPlainAndHard) {
  AdamOptions soft = options("soft", "constant", 4);
  soft.beta1 = 0;
  soft.beta2 = 0.9;
  Adam adam(soft, 1);
  std::vector<float> x(1);
  std::vector<double> steps;
  for (int k = 0; k < 2; ++k) {
    const double before = x[0];
    adam.step([](const float*, float* g) { return g[0] = 2, 1.0; }, x.data());
    steps.push_back(before - x[0]);
  }
  const double first = std::tanh(2.0), next = std::tanh(1.5) / 0.75;
  const double mean = std::sqrt((0.9 * first * first + next * next) / 1.9);
  EXPECT_NEAR(steps[0], 0.1, 1e-6);
  EXPECT_NEAR(steps[1], 0.1 * next / mean, 1e-6);
}

TEST(Adam, StopsWhereNothingPullsAndSaysWhatIsBroken) {
  std::vector<float> x = {1, 2};
  const auto flat = [](const float*, float* g) { return g[0] = g[1] = 0, 4.0; };
  EXPECT_EQ(Adam(options("hard", "constant", 9), 2).step(flat, x.data()), Status::kFlat);
  EXPECT_EQ(x, (std::vector<float>{1, 2}));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto broken = [&](const float*, float* g) { return g[0] = nan, g[1] = 1, 4.0; };
  EXPECT_EQ(Adam(options("hard", "constant", 9), 2).step(broken, x.data()), Status::kNotFinite);
  const auto no_value = [&](const float*, float* g) { return g[0] = g[1] = 1, double{nan}; };
  EXPECT_EQ(Adam(options("none", "constant", 9), 2).step(no_value, x.data()), Status::kNotFinite);
  EXPECT_EQ(x, (std::vector<float>{1, 2})) << "a broken step moves nothing";
}

TEST(Adam, RestoredItGoesOnToTheSameBits) {
  AdamOptions noisy = options("soft", "cosine", 12);
  noisy.schedule.warmup = 3;
  noisy.langevin = 0.5;
  Adam whole(noisy, kN);
  std::vector<float> x(kN), y(kN);
  for (int k = 0; k < 12; ++k) whole.step(valley, x.data());
  std::string state;
  for (int k = 0; k < 12; ++k) {
    Adam piece(noisy, kN);
    if (k > 0) archive_trip::restore(state, &piece);
    piece.step(valley, y.data());
    EXPECT_EQ(piece.evaluations(), k + 1);
    state = archive_trip::save(&piece);
  }
  EXPECT_EQ(x, y);
}

TEST(Adam, LangevinNoiseFollowsItsKey) {
  const auto moved = [](double langevin, uint64_t start) {
    AdamOptions o = options("none", "constant", 5);
    o.langevin = langevin;
    o.noise.step = start;
    Adam adam(o, kN);
    std::vector<float> x(kN);
    for (int k = 0; k < 5; ++k) adam.step(valley, x.data());
    return x;
  };
  EXPECT_EQ(moved(1, 3), moved(1, 3));
  EXPECT_NE(moved(1, 3), moved(1, 4));
  EXPECT_NE(moved(1, 3), moved(0, 3));
  EXPECT_EQ(moved(0, 3), moved(0, 4));
}

TEST(Schedule, FactorsByHand) {
  const auto factors = [](const Schedule& schedule) {
    std::vector<double> out;
    for (int64_t i = 0; i < schedule.iterations; ++i) out.push_back(rate_factor(schedule, i));
    return out;
  };
  EXPECT_EQ(factors({Course::kConstant, 3, 2}), (std::vector<double>{1, 1, 1}));
  const auto near = [](const std::vector<double>& found, const std::vector<double>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << i;
  };
  near(factors({Course::kStep, 8, 0}), {1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.001});
  const double half = std::sqrt(0.5);
  near(factors({Course::kCosine, 6, 2}), {0.5, 1, 1, 0.5 + half / 2, 0.5, 0.5 - half / 2});
  near(factors({Course::kCosine, 2, 4}), {0.25, 0.5});
  EXPECT_THROW(words_of(Course()).parse("steps"), ConfigError);
}

}  // namespace
}  // namespace medpfl
