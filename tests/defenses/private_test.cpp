#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "defenses/defense.hpp"
#include "defenses/personal_budgets.hpp"
#include "updates.hpp"

namespace medpfl::private_test {
namespace {

using namespace testing;

const DefenseContext kContext = {42, 3, 5, 0, 0};

// What `defense` adds to an update of zeros, by hospital.
Moments noise(const MessageHook& defense, int64_t client) {
  FlatParameters zeros = random_update(50000);
  zeros.fill(0);
  DefenseContext context = kContext;
  context.client = client;
  return noise_moments(values_of(zeros), defended(defense, zeros, context));
}

TEST(FedSdp, IsClipThenGaussianOfSigmaTimesTheBound) {
  const FlatParameters update = random_update(1000);
  FlatParameters expected = update;
  make_hook("clip", {{"bound", "2"}})->apply(&expected, kContext);
  make_hook("gaussian", {{"scale", "3"}})->apply(&expected, kContext);
  const Defense made = make_defense("fed-sdp", {{"bound", "2"}, {"sigma", "1.5"}});
  const auto& defense = made.message;
  EXPECT_EQ(defended(*defense, update, kContext), values_of(expected));
  EXPECT_EQ(made.describe(), "fed-sdp bound=2 sigma=1.5");
  EXPECT_NEAR(std::sqrt(noise(*defense, 0).variance), 3, 0.04);
}

TEST(ModelCloak, IsFedSdpWhoseNoiseFallsOverTheRounds) {
  const Defense made =
      make_defense("model-cloak", {{"bound", "2"}, {"sigma", "3"}, {"sigma_last", "0.03"}});
  const auto& defense = made.message;
  EXPECT_EQ(made.describe(), "model-cloak bound=2 sigma=3 to 0.03 exponential");
  const FlatParameters update = random_update(1000);
  const double expected[] = {3, 0.3, 0.03};
  for (int64_t round = 0; round < 3; ++round) {
    DefenseContext context = kContext;
    context.round = round;
    context.rounds = 3;
    const auto constant =
        make_hook("fed-sdp", {{"bound", "2"}, {"sigma", std::to_string(expected[round])}});
    const std::vector<float> a = defended(*defense, update, context);
    const std::vector<float> b = defended(*constant, update, context);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5 * (1 + std::fabs(b[i])));
  }
}

TEST(FedSdp, TakesTheSameSchedules) {
  const Defense made =
      make_defense("fed-sdp", {{"sigma", "2"}, {"sigma_last", "1"}, {"sigma_schedule", "linear"}});
  EXPECT_EQ(made.describe(), "fed-sdp bound=1 sigma=2 to 1 linear");
}

TEST(PersonalizedLdp, EachHospitalHasTheNoiseOfItsBudget) {
  const auto defense =
      make_hook("personalized-ldp", {{"epsilon", "0.5, 1"}, {"delta", "1e-5"}, {"bound", "0.1"}});
  // sqrt(2 ln 125000) = 4.84481
  EXPECT_NEAR(std::sqrt(noise(*defense, 0).variance), 0.968962, 0.01);
  EXPECT_NEAR(std::sqrt(noise(*defense, 1).variance), 0.484481, 0.005);
  EXPECT_NEAR(std::sqrt(noise(*defense, 2).variance), 0.968962, 0.01);
  FlatParameters update = random_update(1000);
  update.multiply(100);
  const auto loose = make_hook("personalized-ldp", {{"epsilon", "1e9"}, {"bound", "0.1"}});
  loose->apply(&update, kContext);
  EXPECT_NEAR(update.norm(), 0.1, 1e-6);
}

// Runs of one root have the same budgets, whatever their noise.
TEST(PersonalizedLdp, BudgetsHaveASeedOfTheirOwn) {
  const auto defense = make_hook("personalized-ldp", {{"epsilon", "1..9"}});
  FlatParameters zeros = random_update(50000);
  zeros.fill(0);
  const auto deviation = [&](uint64_t seed, uint64_t budget_seed) {
    DefenseContext context = kContext;
    context.seed = seed;
    context.budget_seed = budget_seed;
    return std::sqrt(noise_moments(values_of(zeros), defended(*defense, zeros, context)).variance);
  };
  const PersonalBudgets budgets("1..9");
  const double unit = std::sqrt(2 * std::log(1.25e5));
  for (const uint64_t budget_seed : {3, 4})
    for (const uint64_t seed : {1, 2})
      EXPECT_NEAR(deviation(seed, budget_seed) * budgets.of(kContext.client, budget_seed) / unit, 1,
                  0.02);
  EXPECT_NE(budgets.of(kContext.client, 3), budgets.of(kContext.client, 4));
}

TEST(PersonalBudgets, AreGivenOrDrawnOncePerHospital) {
  EXPECT_EQ(PersonalBudgets("4").of(17, 1), 4);
  const PersonalBudgets list("1,2,8"), range("2 .. 6");
  EXPECT_EQ(list.of(0, 1), 1);
  EXPECT_EQ(list.of(2, 9), 8);
  EXPECT_EQ(list.of(4, 1), 2);
  double mean = 0, least = 6, most = 2;
  for (int64_t h = 0; h < 2000; ++h) {
    const double epsilon = range.of(h, 7);
    EXPECT_EQ(epsilon, range.of(h, 7));
    mean += epsilon / 2000;
    least = std::min(least, epsilon);
    most = std::max(most, epsilon);
  }
  EXPECT_NEAR(mean, 4, 0.12);
  EXPECT_GE(least, 2);
  EXPECT_LT(least, 2.02);
  EXPECT_LT(most, 6);
  EXPECT_GT(most, 5.98);
  EXPECT_NE(range.of(0, 7), range.of(0, 8));
}

TEST(PersonalBudgets, RefuseWhatIsNone) {
  for (const std::string text :
       {"", "0", "-1", "1,x", "inf", "3..2", "1..", "..2", "1..2..3", "0..1"}) {
    try {
      PersonalBudgets{text};
      ADD_FAILURE() << "no error for " << text;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("epsilon=" + text + ": give numbers above 0"),
                std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace medpfl::private_test
