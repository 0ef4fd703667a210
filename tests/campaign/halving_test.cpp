// Successive halving: how many rungs, where they end, and who is dropped.
#include "campaign/halving.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace medpfl {
namespace {

using Places = std::vector<size_t>;

// Restarts that wait at the end of `rung`.
std::vector<Standing> waiting(const std::vector<double>& objectives, int64_t rung) {
  std::vector<Standing> out;
  for (const double objective : objectives) out.push_back({false, false, rung + 1, objective});
  return out;
}

void drop(const Places& places, std::vector<Standing>* restarts) {
  for (const size_t place : places) (*restarts)[place].dropped = (*restarts)[place].finished = true;
}

TEST(Halving, EachDoublingOfRestartsAddsARung) {
  const std::vector<int64_t> expected = {1, 2, 3, 3, 4, 4, 4, 4, 5};
  for (size_t n = 0; n < expected.size(); ++n)
    EXPECT_EQ(rungs_of(static_cast<int64_t>(n) + 1), expected[n]) << n + 1;
}

TEST(Halving, ARungEndsAtHalfTheIterationsOfTheNext) {
  EXPECT_EQ(pause_of(300, 0, 3), 75);
  EXPECT_EQ(pause_of(300, 1, 3), 150);
  EXPECT_EQ(pause_of(300, 2, 3), std::nullopt) << "on the last rung nobody waits";
  EXPECT_EQ(pause_of(300, 0, 1), std::nullopt) << "without halving there is one rung";
  EXPECT_EQ(pause_of(3, 0, 5), 1) << "an attack that never moved cannot be judged";
}

TEST(Halving, TheBetterPlaceClimbsFarther) {
  std::vector<int64_t> of_three, of_eight;
  for (int64_t place = 0; place < 3; ++place)
    of_three.push_back(iterations_of_place(400, place, 3));
  for (int64_t place = 0; place < 8; ++place)
    of_eight.push_back(iterations_of_place(800, place, 8));
  EXPECT_EQ(of_three, (std::vector<int64_t>{400, 200, 100}));
  EXPECT_EQ(of_eight, (std::vector<int64_t>{800, 400, 200, 200, 100, 100, 100, 100}));
  EXPECT_EQ(iterations_of_place(400, 0, 1), 400);
}

TEST(Halving, TheWorseHalfIsDroppedWorstLast) {
  EXPECT_EQ(weak_restarts(waiting({4, 1, 3, 2}, 0), 0), (Places{2, 0}));
}

TEST(Halving, OfAnOddNumberTheSmallerHalfIsDropped) {
  EXPECT_EQ(weak_restarts(waiting({5, 4, 3, 2, 1}, 0), 0), (Places{1, 0}));
}

TEST(Halving, OfEqualRestartsTheFirstStay) {
  EXPECT_EQ(weak_restarts(waiting({2, 2, 2, 2}, 0), 0), (Places{2, 3}));
}

TEST(Halving, ARestartThatWasNeverFiniteIsTheWeakest) {
  const double never = std::numeric_limits<double>::infinity();
  EXPECT_EQ(weak_restarts(waiting({never, 9}, 0), 0), Places{0});
}

// 5 -> 3 -> 2 -> 1 by objective.
TEST(Halving, RungAfterRungOneIsLeft) {
  const std::vector<double> objectives = {3, 5, 1, 4, 2};
  std::vector<Standing> restarts = waiting(objectives, 0);
  const std::vector<Places> expected = {{3, 1}, {0}, {4}};
  for (int64_t rung = 0; rung + 1 < rungs_of(5); ++rung) {
    for (Standing& one : restarts)
      if (!one.finished) one.rung = rung + 1;
    const Places weak = weak_restarts(restarts, rung);
    EXPECT_EQ(weak, expected[static_cast<size_t>(rung)]) << rung;
    drop(weak, &restarts);
  }
}

// It has its result: that is not taken back, and it is one of those that go on.
TEST(Halving, ARestartThatEndedByItselfKeepsItsPlace) {
  std::vector<Standing> restarts = waiting({4, 3, 2, 1}, 0);
  restarts[3] = {true, false, 0, 1};
  EXPECT_EQ(weak_restarts(restarts, 0), (Places{1, 0}));
  restarts[3].objective = 9;
  EXPECT_EQ(weak_restarts(restarts, 0), Places{0}) << "the worst of all, and not dropped";
}

TEST(Halving, NobodyIsDroppedTwice) {
  std::vector<Standing> restarts = waiting({4, 1, 3, 2}, 0);
  drop(weak_restarts(restarts, 0), &restarts);
  EXPECT_EQ(weak_restarts(restarts, 0), Places{});
}

TEST(Halving, NobodyIsDroppedBeforeAllHaveComeOrAfterOneHasClimbedOn) {
  std::vector<Standing> restarts = waiting({4, 1, 3, 2}, 0);
  restarts[1].rung = 0;
  EXPECT_EQ(weak_restarts(restarts, 0), Places{});
  restarts[1].rung = 2;
  EXPECT_EQ(weak_restarts(restarts, 0), Places{});
}

}  // namespace
}  // namespace medpfl
