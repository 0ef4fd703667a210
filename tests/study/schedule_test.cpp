#include "study/schedule.hpp"

#include <gtest/gtest.h>

namespace medpfl {
namespace {

JobSchedule::Clock::time_point now_;

JobSchedule::Clock::time_point now() { return now_; }

void pass(int seconds) { now_ += std::chrono::seconds(seconds); }

TEST(JobSchedule, SavesWhenTheIntervalIsOverSinceTheLastCheckpoint) {
  JobSchedule schedule(10, 0, 0, now);
  pass(9);
  EXPECT_EQ(schedule.order(), JobOrder::kGoOn);
  pass(1);
  EXPECT_EQ(schedule.order(), JobOrder::kSave);
  schedule.note_saved();
  pass(9);
  EXPECT_EQ(schedule.order(), JobOrder::kGoOn);
  pass(1);
  EXPECT_EQ(schedule.order(), JobOrder::kSave);
}

TEST(JobSchedule, NeitherSavesNorStopsWhereNothingAsksForIt) {
  JobSchedule schedule(0, 0, 0, now);
  pass(1000000);
  EXPECT_EQ(schedule.order(), JobOrder::kGoOn);
  EXPECT_FALSE(schedule.due_after(1));
}

TEST(JobSchedule, SavesAfterEveryNthRound) {
  const JobSchedule schedule(0, 3, 0, now);
  EXPECT_FALSE(schedule.due_after(1));
  EXPECT_FALSE(schedule.due_after(2));
  EXPECT_TRUE(schedule.due_after(3));
  EXPECT_FALSE(schedule.due_after(4));
  EXPECT_TRUE(schedule.due_after(6));
}

// Steps of 10 s; at 80 s the 20 s left hold one and a half of them, at 90 s no more.
TEST(JobSchedule, StopsBeforeTheLongestStepWouldNotFit) {
  JobSchedule schedule(0, 0, 100, now);
  for (int step = 1; step <= 8; ++step) {
    pass(10);
    EXPECT_EQ(schedule.order(), JobOrder::kGoOn) << step;
  }
  pass(10);
  EXPECT_EQ(schedule.order(), JobOrder::kStop);
}

TEST(JobSchedule, LoadingIsNoStep) {
  JobSchedule schedule(0, 0, 100, now);
  pass(60);
  schedule.begin_steps();
  pass(1);
  EXPECT_EQ(schedule.order(), JobOrder::kGoOn);
  JobSchedule counts(0, 0, 100, now);
  pass(61);
  EXPECT_EQ(counts.order(), JobOrder::kStop);
}

TEST(JobSchedule, AWishToStopStaysAndGoesBeforeACheckpoint) {
  JobSchedule schedule(10, 0, 0, now);
  pass(10);
  schedule.note_stop();
  EXPECT_EQ(schedule.order(), JobOrder::kStop);
  schedule.note_saved();
  EXPECT_EQ(schedule.order(), JobOrder::kStop);
}

}  // namespace
}  // namespace medpfl
