#include "metrics/chance.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace medpfl {
namespace {

std::vector<int64_t> labels_of(const std::vector<int>& counts) {
  std::vector<int64_t> labels;
  for (size_t c = 0; c < counts.size(); ++c)
    labels.insert(labels.end(), static_cast<size_t>(counts[c]), static_cast<int64_t>(c));
  return labels;
}

TEST(ChanceTest, OfOneAnswerForAllImagesWhateverTheClassesHave) {
  for (const std::vector<int>& counts :
       {std::vector<int>{10, 10}, {3, 900}, {50, 50, 50, 1}, {20, 20, 20, 20, 20}}) {
    const Chance chance(labels_of(counts));
    EXPECT_DOUBLE_EQ(chance.level(), 1.0 / static_cast<double>(counts.size()));
    EXPECT_TRUE(chance.holds_for(chance.level()));
    EXPECT_TRUE(chance.holds_for(0)) << "worse than chance is no better";
    EXPECT_FALSE(chance.holds_for(1)) << counts.size();
  }
}

TEST(ChanceTest, BalancedClassesHaveTheIntervalOfAShare) {
  // statsmodels 0.14, proportion_confint(6, 12, method="beta").
  const auto [low, high] = Chance(labels_of({6, 6})).interval(0.5);
  EXPECT_NEAR(low, 0.210942, 1e-5);
  EXPECT_NEAR(high, 0.789058, 1e-5);
}

TEST(ChanceTest, ARareClassMakesTheIntervalWide) {
  // Of 2 and 998 images the recall of the rare class has a half of the weight: worth about 8.
  const auto [low, high] = Chance(labels_of({2, 998})).interval(0.6);
  EXPECT_LT(low, 0.3);
  EXPECT_GT(high, 0.85);
  EXPECT_TRUE(Chance(labels_of({2, 998})).holds_for(0.75));
  EXPECT_FALSE(Chance(labels_of({500, 500})).holds_for(0.55));
}

// A network that guesses is called so at least 97 times of 100, and one that is right twice as
// often as chance nearly never.
TEST(ChanceTest, HoldsForGuessesAndNotForKnowledge) {
  std::mt19937_64 random(3);
  for (const std::vector<int>& counts : {std::vector<int>{40, 40, 40, 40}, {100, 60, 30, 20}}) {
    const Chance chance(labels_of(counts));
    const auto holds = [&](double right) {
      int held = 0;
      for (int draw = 0; draw < 1000; ++draw) {
        double recalls = 0;
        for (const int count : counts)
          recalls +=
              std::binomial_distribution<int>(count, right)(random) / static_cast<double>(count);
        held += chance.holds_for(recalls / static_cast<double>(counts.size())) ? 1 : 0;
      }
      return held;
    };
    EXPECT_GE(holds(0.25), 970) << counts[0];
    EXPECT_LE(holds(0.5), 20) << counts[0];
  }
}

}  // namespace
}  // namespace medpfl
