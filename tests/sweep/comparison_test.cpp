#include "sweep/comparison.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace medpfl {
namespace {

SweepPlan plan_of(const std::string& grid, const std::string& base_chain = "") {
  Config base;
  base.assign("run.output", "out", "test");
  if (!base_chain.empty()) base.assign("defense.chain", base_chain, "test");
  return make_plan(base, "g.ini", grid, {}, 1);
}

std::vector<Comparison> compared(const std::string& grid, const std::string& base_chain = "") {
  return compare_points(plan_of(grid, base_chain));
}

std::vector<int64_t> points(const std::vector<Comparison>& all) {
  std::vector<int64_t> out;
  for (const Comparison& one : all) out.push_back(one.point);
  return out;
}

std::vector<bool> controls(const std::vector<Comparison>& all) {
  std::vector<bool> out;
  for (const Comparison& one : all) out.push_back(one.control);
  return out;
}

TEST(Comparison, ADefenseIsComparedWithTheSameSettingWithoutUnderTheSameSeed) {
  const SweepPlan plan = plan_of(
      "[grid]\nrun.seed = 1 | 2\nattack.iterations = 10 | 20\n[none]\n[noise]\n"
      "defense.chain = gaussian\ndefense.gaussian.scale = 0.1 | 1\n");
  const auto found = compare_points(plan);
  ASSERT_EQ(found.size(), 12U);
  for (size_t i = 0; i < found.size(); ++i) {
    const auto& mine = plan.grid.points[i];
    if (mine.block == "none") continue;
    ASSERT_GE(found[i].point, 0) << i;
    const auto& other = plan.grid.points[static_cast<size_t>(found[i].point)];
    EXPECT_TRUE(found[i].control);
    EXPECT_EQ(other.block, "none");
    EXPECT_EQ(other.values[0], mine.values[0]) << "the seed";
    EXPECT_EQ(other.values[1], mine.values[1]) << "the budget";
  }
}

TEST(Comparison, WithoutDefensesTheFirstSettingIsTheOther) {
  const auto found = compared("[grid]\nattack.iterations = 10 | 20\nrun.seed = 1 | 2\n");
  EXPECT_EQ(points(found), (std::vector<int64_t>{-1, -1, 0, 1}));
  EXPECT_EQ(controls(found), (std::vector<bool>{false, false, false, false}));
}

TEST(Comparison, ADefenseOfTheBaseIsOneToo) {
  const auto found = compared("[grid]\ndefense.clip.bound = 1 | 2\n", "clip");
  EXPECT_EQ(points(found), (std::vector<int64_t>{-1, 0}));
  EXPECT_EQ(controls(found), (std::vector<bool>{false, false}));
}

TEST(Comparison, AnotherBudgetIsNoControl) {
  const auto found = compared(
      "[none]\nattack.iterations = 10\n[noise]\nattack.iterations = 20\n"
      "defense.chain = gaussian\n");
  EXPECT_EQ(points(found), (std::vector<int64_t>{-1, 0}));
  EXPECT_EQ(controls(found), (std::vector<bool>{false, false}));
}

// attack.iterations is 0 unless set.
TEST(Comparison, WhatABlockLeavesToTheBaseIsItsValue) {
  const auto found = compared("[none]\n[noise]\ndefense.chain = gaussian\nattack.iterations = 0\n");
  EXPECT_EQ(controls(found), (std::vector<bool>{false, true}));
}

TEST(Comparison, ASeedThatTheOtherLacksIsComparedWithNone) {
  const auto found =
      compared("[none]\nrun.seed = 1\n[noise]\nrun.seed = 1 | 2\ndefense.chain = gaussian\n");
  EXPECT_EQ(points(found), (std::vector<int64_t>{-1, 0, -1}));
}

TEST(Comparison, TheSameMessagesAreThoseOfPointsThatDifferInTheirAttacks) {
  const auto found = compared(
      "[grid]\nrun.seed = 1 | 2\n[none]\nattack.iterations = 10 | 20\n[noise]\n"
      "defense.chain = gaussian\nattack.iterations = 10 | 20\n");
  std::vector<int64_t> messages;
  std::vector<bool> defended;
  for (const Comparison& one : found) {
    messages.push_back(one.messages);
    defended.push_back(one.defended);
  }
  EXPECT_EQ(messages, (std::vector<int64_t>{0, 0, 0, 0, 4, 4, 4, 4}));
  EXPECT_EQ(defended, (std::vector<bool>{false, false, false, false, true, true, true, true}));
}

}  // namespace
}  // namespace medpfl
