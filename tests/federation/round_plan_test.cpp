#include "federation/round_plan.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "federation/placement.hpp"

namespace medpfl {
namespace {

constexpr RunSeeds kSeeds = {1, 1, 1, 1, 1};

std::vector<int64_t> chosen(const std::string& text) {
  const Selection selection(text, 10, "attack.rounds");
  std::vector<int64_t> out;
  for (int64_t i = 0; i < 10; ++i)
    if (selection.contains(i)) out.push_back(i);
  return out;
}

TEST(Selection, UnderstandsListsAndRanges) {
  EXPECT_EQ(chosen("0,2, 5-7"), (std::vector<int64_t>{0, 2, 5, 6, 7}));
  EXPECT_EQ(chosen("last"), (std::vector<int64_t>{9}));
  EXPECT_EQ(chosen("all").size(), 10U);
  EXPECT_TRUE(chosen("none").empty());
  EXPECT_TRUE(chosen("").empty());
}

TEST(Selection, RefusesTheRest) {
  for (const char* bad : {"10", "-1", "7-5", "x", "1-", "2-30", "0;2", "all-3", "1.5", "0,99"})
    EXPECT_THROW(chosen(bad), ConfigError) << bad;
  try {
    chosen("3-x");
    ADD_FAILURE();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "attack.rounds: '3-x' is not allowed: use all, none, last, or numbers and "
                 "ranges such as 0,2,5-9");
  }
  try {
    chosen("2-30");
    ADD_FAILURE();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "attack.rounds: '2-30' is outside 0 ... 9");
  }
}

TEST(RoundPlan, ProbesOfAttackedHospitalsAtAttackedRounds) {
  const AttackTargets targets{Selection("1", 3, "r"), Selection("0,2", 3, "c"), 4, 2};
  const std::vector<int64_t> shards = {100, 100, 5};
  const RoundPlan quiet = plan_round(0, shards, 1, 0, kSeeds, targets);
  EXPECT_EQ(quiet.probes, (std::vector<int64_t>{0, 0, 0}));
  const RoundPlan plan = plan_round(1, shards, 1, 0, kSeeds, targets);
  EXPECT_EQ(plan.attacked, (std::vector<bool>{true, false, true}));
  EXPECT_EQ(plan.probes, (std::vector<int64_t>{4, 0, 2})) << "five images make two batches of two";
}

// Where only probes are attacked, an update never stands in for them.
TEST(RoundPlan, AShardTooSmallForAProbeIsNotAttackedByProbesAlone) {
  AttackTargets targets{Selection("0", 1, "r"), Selection("all", 2, "c"), 4, 8, {false, true}};
  const RoundPlan probes = plan_round(0, {8, 7}, 1, 0, kSeeds, targets);
  EXPECT_EQ(probes.attacked, (std::vector<bool>{true, false}));
  EXPECT_EQ(probes.probes, (std::vector<int64_t>{1, 0}));
  for (const bool both : {true, false}) {
    targets.kinds = {true, both};
    const RoundPlan updates = plan_round(0, {8, 7}, 1, 0, kSeeds, targets);
    EXPECT_EQ(updates.attacked, (std::vector<bool>{true, true}));
    EXPECT_EQ(updates.probes, probes.probes) << "what is attacked changes nothing of what is sent";
  }
}

TEST(RoundPlan, HoldsSampledHospitalsOnly) {
  const AttackTargets targets{Selection("all", 5, "r"), Selection("all", 20, "c"), 1, 1};
  const RoundPlan plan =
      plan_round(4, std::vector<int64_t>(20, 9), 0.25, 0, {7, 7, 7, 7, 7}, targets);
  EXPECT_EQ(plan.round, 4);
  EXPECT_EQ(plan.clients, sample_clients(20, 0.25, 7, 4));
  EXPECT_EQ(plan.probes, std::vector<int64_t>(5, 1));
}

TEST(RoundPlan, WhoDropsOutDependsOnRoundAndHospitalAlone) {
  const AttackTargets targets{Selection("all", 50, "r"), Selection("all", 40, "c"), 0, 1};
  const std::vector<int64_t> shards(40, 9);
  int64_t arrived = 0;
  std::vector<bool> before;
  for (int64_t round = 0; round < 50; ++round) {
    const RoundPlan plan = plan_round(round, shards, 1, 0.3, kSeeds, targets);
    EXPECT_EQ(plan.participants(), 40);
    EXPECT_EQ(plan.attacked, plan.arrives) << "what does not arrive cannot be attacked";
    EXPECT_NE(plan.arrives, before);
    before = plan.arrives;
    arrived += plan.arrived();
    // A sample of the hospitals fares as all of them.
    const RoundPlan some = plan_round(round, shards, 0.2, 0.3, kSeeds, targets);
    for (size_t i = 0; i < some.clients.size(); ++i)
      EXPECT_EQ(some.arrives[i], plan.arrives[static_cast<size_t>(some.clients[i])]);
    // Whoever drops out at 30 % does so at 60 %.
    const RoundPlan fewer = plan_round(round, shards, 1, 0.6, kSeeds, targets);
    for (size_t i = 0; i < 40; ++i) EXPECT_LE(fewer.arrives[i], plan.arrives[i]);
  }
  EXPECT_NEAR(static_cast<double>(arrived) / 2000, 0.7, 0.04) << "four standard deviations";
  EXPECT_EQ(plan_round(0, shards, 1, 0, kSeeds, targets).arrived(), 40);
  EXPECT_EQ(plan_round(0, shards, 1, 1, kSeeds, targets).arrived(), 0);
}

}  // namespace
}  // namespace medpfl
