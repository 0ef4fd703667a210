#include "terminal/watch.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.hpp"

namespace medpfl {
namespace {

using Lines = std::vector<std::string>;

JobView attacking() {
  JobView view;
  view.run = "runs/x";
  view.status = "running";
  view.holder = "process 7 of node1 is at work on it";
  view.progress.work = "attack";
  view.progress.done = 3;
  view.progress.total = 40;
  view.progress.seconds_left = 3725;
  view.progress.detail = "iteration 12, objective 1.00e-03; idlg on probe 0 of hospital 2, round 4";
  view.progress.rounds_done = 5;
  view.progress.rounds = 20;
  view.progress.training_loss = 0.5;
  view.progress.balanced_accuracy = 0.614;
  view.progress.updated = 1000;
  return view;
}

TEST(Watch, ShowsWhatIsInHandTheTrainingAndTheTimeLeft) {
  EXPECT_EQ(view_lines(attacking(), 1002),
            (Lines{"attack 3 of 40, 1:02:05 left",
                   "5 of 20 rounds trained, loss 0.5000, balanced accuracy 61%",
                   "iteration 12, objective 1.00e-03", "idlg on probe 0 of hospital 2, round 4"}));
}

TEST(Watch, WhatIsNotKnownIsLeftOut) {
  JobView view = attacking();
  view.progress = {};
  view.progress.work = "round";
  view.progress.total = 20;
  EXPECT_EQ(view_lines(view, 0), Lines{"round 0 of 20"});
}

TEST(Watch, AStaleViewSaysSo) {
  EXPECT_EQ(view_lines(attacking(), 1200).back(),
            "nothing new for 200 s; process 7 of node1 is at work on it");
}

TEST(Watch, AfterTheEndTheStatusIsShown) {
  JobView view = attacking();
  view.status = "complete";
  view.holder = "";
  view.ended = true;
  EXPECT_EQ(view_lines(view, 1002), Lines{"complete"});
}

TEST(Watch, WhatAKilledJobLeftIsNotShownAsWork) {
  JobView view = attacking();
  view.holder = "no process is at work on it now";
  view.ended = true;
  EXPECT_EQ(view_lines(view, 1002), (Lines{"running", "no process is at work on it now"}));
}

TEST(Watch, AFolderWithoutAJobIsAnError) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "watch_nothing";
  std::filesystem::create_directories(folder);
  EXPECT_THROW(look_at(folder.string()), FormatError);
  EXPECT_THROW(look_at("/nonexistent"), FormatError);
}

}  // namespace
}  // namespace medpfl
