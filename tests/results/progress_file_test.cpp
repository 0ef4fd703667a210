#include "results/folder/progress_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace medpfl {
namespace {

std::string new_folder(const std::string& name) {
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path.string();
}

TEST(ProgressFile, HoldsWhatWasWritten) {
  const std::string folder = new_folder("progress");
  EXPECT_FALSE(read_progress(folder));
  RunProgress progress;
  progress.work = "attack";
  progress.done = 3;
  progress.total = 40;
  progress.detail = "idlg on probe 0 of hospital 2, round 0: a=b";
  progress.training_loss = 0.25;
  progress.updated = 1'800'000'000;
  write_progress(folder, progress);
  const auto read = read_progress(folder);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->work, "attack");
  EXPECT_EQ(read->done, 3);
  EXPECT_EQ(read->total, 40);
  EXPECT_EQ(read->detail, progress.detail);
  EXPECT_EQ(read->training_loss, 0.25);
  EXPECT_EQ(read->updated, 1'800'000'000);
  EXPECT_TRUE(std::isnan(read->seconds_left));
  remove_progress(folder);
  EXPECT_FALSE(read_progress(folder));
}

TEST(ProgressFile, WhatIsNotUnderstoodIsNothing) {
  const std::string folder = new_folder("progress_damaged");
  std::ofstream(folder + "/" + kProgressFile) << "work=attack\ndone=many\n";
  EXPECT_FALSE(read_progress(folder));
}

TEST(ProgressFile, AFolderThatCannotBeWrittenIsNoError) {
  write_progress("/nonexistent/folder", RunProgress());
  remove_progress("/nonexistent/folder");
}

}  // namespace
}  // namespace medpfl
