#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "defenses/defense_chain.hpp"
#include "updates.hpp"

namespace medpfl::prune_test {
namespace {

using namespace testing;

const DefenseContext kContext = {42, 3, 5, 0, 1};

int64_t nonzero(const std::vector<float>& values) {
  return std::count_if(values.begin(), values.end(), [](float v) { return v != 0; });
}

TEST(Prune, KeepsTheGreatestByMagnitudeAndTheEarlierOfEquals) {
  const FlatParameters update = update_of({1, -5, 2, 2, -2, 0.5, 0, 4});
  const auto prune = make_hook("prune", {{"ratio", "0.5"}});
  EXPECT_EQ(defended(*prune, update, kContext), (std::vector<float>{0, -5, 2, 2, 0, 0, 0, 4}));
}

TEST(Prune, KeepsANumberOfEntriesInsteadOfAShare) {
  const auto prune = make_hook("prune", {{"keep", "2"}});
  EXPECT_EQ(defended(*prune, update_of({1, -5, 2, 3}), kContext),
            (std::vector<float>{0, -5, 0, 3}));
  EXPECT_EQ(defended(*prune, update_of({1, -5}), kContext), (std::vector<float>{1, -5}));
}

TEST(Prune, EachLayerKeepsItsShare) {
  // Layers of 7 entries and of 1, which keeps its only one.
  const auto prune = make_hook("prune", {{"ratio", "0.6"}, {"scope", "layer"}});
  EXPECT_EQ(defended(*prune, update_of({9, 8, 7, 6, 5, 4, 3, 0.1F}), kContext),
            (std::vector<float>{9, 8, 7, 0, 0, 0, 0, 0.1F}));
}

TEST(Prune, RandomMasksKeepTheShareWhateverTheValues) {
  const FlatParameters update = random_update(1000);
  const auto prune = make_hook("prune", {{"select", "random"}, {"ratio", "0.7"}});
  const std::vector<float> before = values_of(update), after = defended(*prune, update, kContext);
  EXPECT_EQ(nonzero(after), 300);
  double all = 0, kept = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(after[i] == 0 || after[i] == before[i]) << i;
    all += std::fabs(before[i]) / 1000;
    kept += std::fabs(after[i]) / 300;
  }
  EXPECT_NEAR(kept, all, 0.1);  // a choice by magnitude would be far above
}

TEST(Prune, ErrorFeedbackLosesNothingOverRounds) {
  const auto prune = make_hook("prune", {{"ratio", "0.9"}, {"error_feedback", "true"}});
  const int64_t n = 200;
  ASSERT_EQ(prune->state_size(n), n);
  EXPECT_EQ(make_hook("prune")->state_size(n), 0);
  std::vector<float> state(static_cast<size_t>(n), 0);
  std::vector<double> given(static_cast<size_t>(n), 0), sent(given);
  for (uint64_t round = 0; round < 20; ++round) {
    FlatParameters update = random_update(n, round);
    for (int64_t i = 0; i < n; ++i) given[static_cast<size_t>(i)] += update.data()[i];
    DefenseContext context = kContext;
    context.state = state.data();
    prune->apply(&update, context);
    EXPECT_EQ(nonzero(values_of(update)), 20);
    for (int64_t i = 0; i < n; ++i) sent[static_cast<size_t>(i)] += update.data()[i];
  }
  for (size_t i = 0; i < given.size(); ++i) EXPECT_NEAR(sent[i] + state[i], given[i], 1e-4);
}

TEST(Prune, AChainHandsEachDefenseItsPartOfTheState) {
  DefenseChain chain;
  const std::map<std::string, std::string> own = {{"keep", "1"}, {"error_feedback", "true"}};
  chain.append(make_defense("prune", own));
  chain.append(make_defense("clip", {{"bound", "1"}}));
  chain.append(make_defense("prune", own));
  ASSERT_EQ(chain.state_size(3), 6);
  std::vector<float> state = {0, 0, 0, 0, 0, 5};
  FlatParameters update = update_of({3, 2, 0});
  DefenseContext context;
  context.state = state.data();
  chain.apply(&update, context);
  EXPECT_EQ(values_of(update), (std::vector<float>{0, 0, 5}));
  EXPECT_EQ(state, (std::vector<float>{0, 2, 0, 1, 0, 0}));
}

TEST(Prune, RefusesWhatIsNotFinite) {
  FlatParameters update = update_of({1, std::numeric_limits<float>::quiet_NaN(), 2});
  EXPECT_THROW(make_hook("prune")->apply(&update, kContext), NumericError);
}

TEST(Prune, SaysWhatItDoes) {
  EXPECT_EQ(make_defense("prune").describe(), "prune ratio=0.9 select=magnitude scope=global");
  EXPECT_EQ(make_defense("prune", {{"keep", "7"}, {"error_feedback", "true"}}).describe(),
            "prune keep=7 select=magnitude scope=global error_feedback");
}

}  // namespace
}  // namespace medpfl::prune_test
