// The time left by hand: evaluations, weighed by images, over the pace so far.
#include "campaign/attack_work.hpp"

#include <gtest/gtest.h>

namespace medpfl {
namespace {

TEST(AttackWork, CountsWhatRunsAndWhatEndedEarly) {
  AttackWork work(1);
  for (int i = 0; i < 3; ++i) work.add_group({100}, 1);
  EXPECT_EQ(work.evaluations_left(), 300);
  EXPECT_EQ(work.seconds_left(10), std::nullopt) << "no pace yet";
  work.hear(0, 0, 0.5);
  EXPECT_EQ(work.seconds_left(1), std::nullopt) << "too early";
  EXPECT_DOUBLE_EQ(*work.seconds_left(10), 50) << "250 evaluations at 5 a second";
  work.hear(0, 0, 0.4);
  EXPECT_DOUBLE_EQ(*work.seconds_left(10), 50) << "a message that comes late says nothing";
  work.close(0, 0);
  EXPECT_EQ(work.evaluations_left(), 200) << "what it did not spend is saved";
  EXPECT_DOUBLE_EQ(*work.seconds_left(10), 40);
  work.close(1, 0);
  work.close(2, 0);
  EXPECT_EQ(work.seconds_left(10), std::nullopt);
}

TEST(AttackWork, AnEvaluationOfMoreImagesTakesLonger) {
  AttackWork work(1);
  work.add_group({100}, 1);
  work.add_group({100}, 20);
  work.hear(0, 0, 1);
  work.close(0, 0);
  EXPECT_DOUBLE_EQ(*work.seconds_left(10), 200);
}

// Three equal tasks on two ranks: one rank makes two of them.
TEST(AttackWork, TheLastTaskHasOneRankAlone) {
  AttackWork work(2);
  for (int i = 0; i < 3; ++i) work.add_group({100}, 1);
  work.hear(0, 0, 0.1);
  work.hear(1, 0, 0.1);
  EXPECT_DOUBLE_EQ(*work.seconds_left(10), 10.0 / 10 * (280.0 / 2 + 100.0 / 2))
      << "each rank makes one evaluation a second";
}

TEST(AttackWork, RestartsThatHalvingWillDropAreNotCountedInFull) {
  AttackWork work(1);
  work.add_group({100, 50, 25, 25}, 1);
  EXPECT_EQ(work.evaluations_left(), 200);
  for (size_t restart = 0; restart < 4; ++restart) work.hear(0, restart, 0.25);
  EXPECT_EQ(work.evaluations_left(), 100) << "75 of one, 25 of another";
  work.close(0, 0);
  work.close(0, 2);
  EXPECT_EQ(work.evaluations_left(), 100) << "whichever two go on";
}

// What a task had done before the run went on tells nothing of the pace now.
TEST(AttackWork, ATaskThatGoesOnIsNoFasterForIt) {
  AttackWork work(1);
  work.add_group({100}, 1);
  work.resume(0, 0);
  EXPECT_EQ(work.evaluations_left(), 100) << "at most";
  work.hear(0, 0, 0.5);
  EXPECT_EQ(work.seconds_left(10), std::nullopt);
  work.hear(0, 0, 0.6);
  EXPECT_NEAR(*work.seconds_left(10), 40, 1e-9);
}

TEST(AttackWork, ClosedFormsTakeNoTime) {
  AttackWork work(1);
  work.add_group({0}, 8);
  EXPECT_EQ(work.evaluations_left(), 0);
  work.hear(0, 0, 1);
  EXPECT_EQ(work.seconds_left(10), std::nullopt);
}

}  // namespace
}  // namespace medpfl
