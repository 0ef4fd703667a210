// Which restart an attacker keeps, who knows nothing but its own objective.
#include "campaign/choosing.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace medpfl {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

std::vector<Standing> ended(const std::vector<double>& objectives) {
  std::vector<Standing> out;
  for (const double objective : objectives) out.push_back({true, false, 0, objective});
  return out;
}

TEST(Choosing, TheLeastObjectiveWins) { EXPECT_EQ(chosen_restart(ended({3, 1, 2})), 1U); }

TEST(Choosing, OfEqualsTheFirst) { EXPECT_EQ(chosen_restart(ended({3, 1, 1})), 1U); }

TEST(Choosing, OnlyOfThoseThatAreFinished) {
  std::vector<Standing> restarts = ended({3, 1, 2});
  restarts[1].finished = false;
  EXPECT_EQ(chosen_restart(restarts), 2U);
}

TEST(Choosing, NobodyWhereNobodyIsFinished) {
  std::vector<Standing> restarts = ended({3});
  restarts[0].finished = false;
  EXPECT_EQ(chosen_restart(restarts), std::nullopt);
  EXPECT_EQ(chosen_restart({}), std::nullopt);
}

TEST(Choosing, ADroppedRestartMayStillBeTheBest) {
  std::vector<Standing> restarts = ended({3, 1});
  restarts[1].dropped = true;
  EXPECT_EQ(chosen_restart(restarts), 1U);
}

TEST(Choosing, WhereNoneWasFiniteOneIsKeptNevertheless) {
  EXPECT_EQ(chosen_restart(ended({kNever, kNever})), 0U);
  EXPECT_EQ(chosen_restart(ended({kNever, 7})), 1U);
}

}  // namespace
}  // namespace medpfl
