#include "attacks/optimizers/lbfgs.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "valley.hpp"

namespace medpfl::lbfgs_test {
namespace {

using Status = Lbfgs::Status;

LbfgsOptions wolfe(int64_t inner = 20, int64_t history = 100) {
  LbfgsOptions options;
  options.strong_wolfe = true;
  options.inner = inner;
  options.history = history;
  return options;
}

// 0.5 sum_i (i + 1) (x_i - i)^2.
double quadratic(const float* x, float* gradient, int64_t n) {
  double value = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double offset = static_cast<double>(x[i]) - static_cast<double>(i);
    value += 0.5 * static_cast<double>(i + 1) * offset * offset;
    gradient[i] = static_cast<float>(static_cast<double>(i + 1) * offset);
  }
  return value;
}

double rosenbrock(const float* x, float* gradient) {
  const double a = x[0], b = x[1], valley = b - a * a;
  gradient[0] = static_cast<float>(-400 * a * valley - 2 * (1 - a));
  gradient[1] = static_cast<float>(200 * valley);
  return 100 * valley * valley + (1 - a) * (1 - a);
}

// Printed by reference_lbfgs.py: torch.optim.LBFGS(lr=1, history_size=3), one inner step a call.
constexpr std::array<std::array<double, 8>, 15> kReference = {{
    {{0.02777778, 0.05555556, 0.08333334, 0.11111111, 0.13888890, 0.16666667, 0.19444445,
      0.22222222}},
    {{0.15881969, 0.29740781, 0.41576439, 0.51388943, 0.59178287, 0.64944476, 0.68687534,
      0.70407397}},
    {{0.31018621, 0.53595734, 0.69137669, 0.79050779, 0.84741378, 0.87615812, 0.89080393,
      0.90541494}},
    {{0.44487673, 0.69597989, 0.82255113, 0.87847281, 0.90226841, 0.91710216, 0.93077928,
      0.93574554}},
    {{0.56419927, 0.77653217, 0.84440535, 0.87260294, 0.89627695, 0.91393781, 0.92044467,
      0.93999696}},
    {{0.63275540, 0.78113168, 0.83552927, 0.87761414, 0.89924496, 0.91068965, 0.93813157,
      0.91046095}},
    {{0.62925220, 0.78066981, 0.83574498, 0.87226516, 0.89489841, 0.91010869, 0.92276901,
      0.93184137}},
    {{0.62733203, 0.77650362, 0.83540380, 0.87209290, 0.89484507, 0.91059554, 0.92251545,
      0.93153036}},
    {{0.63064116, 0.77232307, 0.83609343, 0.87175310, 0.89469725, 0.91042244, 0.92285413,
      0.93173850}},
    {{0.63002318, 0.77274227, 0.83622509, 0.87182045, 0.89479446, 0.91106540, 0.92195827,
      0.93120480}},
    {{0.62980103, 0.77282298, 0.83607131, 0.87182403, 0.89476150, 0.91074663, 0.92249274,
      0.93152875}},
    {{0.62976843, 0.77281064, 0.83608419, 0.87182486, 0.89476174, 0.91073591, 0.92250162,
      0.93152386}},
    {{0.62968588, 0.77277201, 0.83610809, 0.87182236, 0.89475912, 0.91073257, 0.92249835,
      0.93153280}},
    {{0.62967485, 0.77276337, 0.83609438, 0.87181962, 0.89475787, 0.91073245, 0.92250305,
      0.93150914}},
    {{0.62967485, 0.77276337, 0.83609438, 0.87181962, 0.89475787, 0.91073245, 0.92250305,
      0.93150914}},
}};

TEST(Lbfgs, FullStepsAreThoseOfTheReference) {
  LbfgsOptions options;
  options.inner = 1;
  options.history = 3;
  Lbfgs optimizer(options, 8);
  std::vector<float> x(8, 0);
  for (size_t k = 0; k < kReference.size(); ++k) {
    optimizer.step(valley, x.data());
    for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(x[i], kReference[k][i], 1e-5) << k << ", " << i;
  }
}

// Printed by reference_lbfgs.py: at the first slope torch.optim.LBFGS moves each x by 6.6331e-5 in
// its 20 steps, at the second it leaves them at 0 after one evaluation.
TEST(Lbfgs, ASlopeBelow1e9IsZeroAsToTheReference) {
  for (const double slope : {1.1e-9, 0.9e-9}) {
    const double each = std::sqrt(slope / 100);
    Lbfgs optimizer(LbfgsOptions(), 100);
    std::vector<float> x(100);
    const auto status = optimizer.step(
        [each](const float* at, float* g) {
          double value = 0;
          for (int i = 0; i < 100; ++i) {
            value += each * at[i] + 1e-6 * at[i] * at[i];
            g[i] = static_cast<float>(each + 2e-6 * at[i]);
          }
          return value;
        },
        x.data());
    const bool moves = slope > 1e-9;
    EXPECT_EQ(status, moves ? Status::kRunning : Status::kFlat);
    EXPECT_EQ(optimizer.evaluations(), moves ? 20 : 1);
    for (const float v : x) EXPECT_NEAR(v, moves ? -6.633124e-5 : 0, 1e-9);
  }
}

TEST(Lbfgs, InnerStepsOfOneCallAreCallsOfOneInnerStep) {
  LbfgsOptions options;
  options.history = 3;
  options.inner = 6;
  Lbfgs optimizer(options, 8);
  std::vector<float> x(8, 0);
  EXPECT_EQ(optimizer.step(valley, x.data()), Status::kRunning);
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(x[i], kReference[5][i], 1e-5) << i;
  EXPECT_EQ(optimizer.evaluations(), 6);
}

TEST(Lbfgs, ReachesTheMinimumOfAQuadratic) {
  constexpr int64_t kN = 30;
  Lbfgs optimizer(wolfe(), kN);
  std::vector<float> x(kN, -4);
  const auto function = [](const float* at, float* g) { return quadratic(at, g, kN); };
  for (int k = 0; k < 10; ++k) optimizer.step(function, x.data());
  for (size_t i = 0; i < kN; ++i) EXPECT_NEAR(x[i], static_cast<double>(i), 1e-4) << i;
}

class LbfgsHistory : public ::testing::TestWithParam<int64_t> {};

TEST_P(LbfgsHistory, ReachesTheMinimumOfRosenbrock) {
  Lbfgs optimizer(wolfe(20, GetParam()), 2);
  std::vector<float> x = {-1.2F, 1};
  for (int k = 0; k < 10; ++k) optimizer.step(rosenbrock, x.data());
  EXPECT_NEAR(x[0], 1, 1e-3);
  EXPECT_NEAR(x[1], 1, 2e-3);
}

// Dozens of steps, so a memory of one or three pairs wraps many times.
INSTANTIATE_TEST_SUITE_P(Memory, LbfgsHistory, ::testing::Values(1, 3, 100));

TEST(Lbfgs, LineSearchNeverReturnsAHigherValue) {
  // A sum of waves on a slope: full steps would climb.
  const auto waves = [](const float* at, float* g) {
    double value = 0;
    for (int i = 0; i < 4; ++i) {
      const double x = at[i];
      value += std::sin(5 * x + i) + 0.05 * x * x;
      g[i] = static_cast<float>(5 * std::cos(5 * x + i) + 0.1 * x);
    }
    return value;
  };
  std::vector<float> g(4);
  for (int start = 0; start < 20; ++start) {
    Lbfgs optimizer(wolfe(1, 3), 4);
    std::vector<float> x = {-3.0F + 0.3F * static_cast<float>(start), 2,
                            0.1F * static_cast<float>(start), -1};
    const double first = waves(x.data(), g.data());
    double value = first;
    for (int k = 0; k < 30; ++k) {
      optimizer.step(waves, x.data());
      const double now = waves(x.data(), g.data());
      EXPECT_LE(now, value) << start << ", " << k;
      value = now;
    }
    EXPECT_LT(value, first - 0.1) << start;
  }
}

TEST(Lbfgs, CountsEvaluations) {
  int64_t calls = 0;
  const auto counted = [&](const float* at, float* g) {
    ++calls;
    return rosenbrock(at, g);
  };
  for (const bool search : {false, true}) {
    calls = 0;
    LbfgsOptions options;
    options.strong_wolfe = search;
    Lbfgs optimizer(options, 2);
    std::vector<float> x = {0.9F, 0.8F};
    for (int k = 0; k < 3; ++k) optimizer.step(counted, x.data());
    EXPECT_EQ(optimizer.evaluations(), calls);
    EXPECT_GT(calls, 3);
  }
}

TEST(Lbfgs, IsFlatAtTheMinimum) {
  for (const bool search : {false, true}) {
    LbfgsOptions options;
    options.strong_wolfe = search;
    Lbfgs optimizer(options, 2);
    std::vector<float> x = {1, 1};
    EXPECT_EQ(optimizer.step(rosenbrock, x.data()), Status::kFlat);
    EXPECT_EQ(x, (std::vector<float>{1, 1}));
    EXPECT_EQ(optimizer.evaluations(), 1);
  }
}

TEST(Lbfgs, SaysThatTheObjectiveIsNotFinite) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    for (const bool search : {false, true}) {
      LbfgsOptions options;
      options.strong_wolfe = search;
      Lbfgs at_once(options, 2);
      std::vector<float> x = {1, 2};
      EXPECT_EQ(
          at_once.step([bad](const float*, float* g) { return g[0] = g[1] = 1, bad; }, x.data()),
          Status::kNotFinite);
    }
  // Finite at the start, not after the first full step.
  int calls = 0;
  Lbfgs later(LbfgsOptions(), 2);
  std::vector<float> x = {-1.2F, 1};
  EXPECT_EQ(later.step(
                [&](const float* at, float* g) {
                  const double value = rosenbrock(at, g);
                  return ++calls < 3 ? value : std::numeric_limits<double>::quiet_NaN();
                },
                x.data()),
            Status::kNotFinite);
}

TEST(Lbfgs, LineSearchBacksOutOfANotFiniteRegion) {
  // -log(x) + x is infinite at x <= 0; the minimum is 1.
  const auto barrier = [](const float* at, float* g) {
    const double x = at[0];
    if (x <= 0) {
      g[0] = std::numeric_limits<float>::quiet_NaN();
      return std::numeric_limits<double>::infinity();
    }
    g[0] = static_cast<float>(1 - 1 / x);
    return x - std::log(x);
  };
  Lbfgs optimizer(wolfe(), 1);
  std::vector<float> x = {1.9F};
  for (int k = 0; k < 5; ++k) EXPECT_NE(optimizer.step(barrier, x.data()), Status::kNotFinite);
  EXPECT_NEAR(x[0], 1, 1e-4);
}

TEST(Lbfgs, RestartForgetsThePoint) {
  Lbfgs optimizer(wolfe(), 2);
  std::vector<float> x = {-1.2F, 1};
  optimizer.step(rosenbrock, x.data());
  x = {3, 3};
  optimizer.moved();
  for (int k = 0; k < 10; ++k) optimizer.step(rosenbrock, x.data());
  EXPECT_NEAR(x[0], 1, 1e-3);

  Lbfgs fresh(wolfe(), 2);
  std::vector<float> y = {3, 3};
  for (int k = 0; k < 10; ++k) fresh.step(rosenbrock, y.data());
  EXPECT_EQ(x, y) << "after a restart nothing of the first points may remain";
}

}  // namespace
}  // namespace medpfl::lbfgs_test
