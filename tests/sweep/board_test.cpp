#include "sweep/board.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "h5/file.hpp"

namespace medpfl {
namespace {

namespace fs = std::filesystem;

// A sweep of three points in a folder of its own.
class SweepBoardTest : public ::testing::Test {
 protected:
  SweepBoardTest() {
    fs::remove_all(folder_);
    Config base;
    base.assign("run.output", folder_, "test");
    plan_ = make_plan(base, "g.ini", "[grid]\nrun.seed = 1 | 2 | 3\n", {}, 1);
    SweepFolder(folder_).begin(plan_.base, plan_.grid_text);
  }
  ~SweepBoardTest() override { fs::remove_all(folder_); }

  void end(int64_t point, const PointState& state) const {
    SweepFolder(folder_).write(point, state);
  }
  // A run that ended well has its run.h5.
  void complete(int64_t point) const {
    fs::create_directories(SweepFolder(folder_).run(point));
    std::ofstream(SweepFolder(folder_).run(point) + "/run.h5") << "a run";
    end(point, {"complete", 0, 1.5, "", ""});
  }
  std::string index_status(bool working) const {
    SweepBoard board(plan_);
    board.refresh();
    board.write_index(working);
    return h5::File::open(folder_ + "/sweep.h5").read_text_attribute("/", "status");
  }

  const std::string folder_ =
      (fs::temp_directory_path() / ("medpfl-board-" + std::to_string(getpid()))).string();
  SweepPlan plan_;
};

TEST_F(SweepBoardTest, PointsThatNobodyBeganAreOpen) {
  SweepBoard board(plan_);
  board.refresh();
  EXPECT_EQ(board.state(0).status, "open");
  EXPECT_EQ(board.state(2).exit_code, -1);
  EXPECT_EQ(board.first_failed(), -1);
}

TEST_F(SweepBoardTest, SeesWhatOtherProcessesWrote) {
  SweepBoard board(plan_);
  board.refresh();
  complete(0);
  end(2, {"failed", 6, 2.5, "training diverged:\nlower the rate", ""});
  EXPECT_EQ(board.state(2).status, "open");
  board.refresh();
  EXPECT_EQ(board.state(0).status, "complete");
  EXPECT_EQ(board.state(0).seconds, 1.5);
  EXPECT_EQ(board.state(2).exit_code, 6);
  EXPECT_EQ(board.state(2).error, "training diverged:\nlower the rate");
  EXPECT_EQ(board.first_failed(), 2);
}

TEST_F(SweepBoardTest, AFailedPointOfAnotherCallIsNotOurs) {
  end(2, {"failed", 6, 2.5, "no", ""});
  plan_.selected = {0, 1};
  SweepBoard board(plan_);
  board.refresh();
  EXPECT_EQ(board.first_failed(), -1);
}

TEST_F(SweepBoardTest, ACompletePointWhoseRunWasRemovedIsOpenAgain) {
  complete(1);
  fs::remove_all(SweepFolder(folder_).run(1));
  SweepBoard board(plan_);
  board.refresh();
  EXPECT_EQ(board.state(1).status, "open");
}

TEST_F(SweepBoardTest, TheIndexTellsHowTheWholeSweepStands) {
  EXPECT_EQ(index_status(true), "running");
  EXPECT_EQ(index_status(false), "interrupted");
  complete(0);
  complete(1);
  end(2, {"failed", 6, 2.5, "no", ""});
  EXPECT_EQ(index_status(false), "failed");
  complete(2);
  EXPECT_EQ(index_status(false), "complete");
}

TEST_F(SweepBoardTest, ARunThatCannotBeReadCostsTheSharesAndNotTheIndex) {
  const auto has_pooled = [this] {
    return h5::File::open(folder_ + "/sweep.h5").exists("/pooled/share");
  };
  EXPECT_EQ(index_status(true), "running");
  EXPECT_FALSE(has_pooled());
  EXPECT_EQ(index_status(false), "interrupted");
  EXPECT_TRUE(has_pooled());
  complete(0);
  EXPECT_EQ(index_status(false), "interrupted");
  EXPECT_FALSE(has_pooled());
}

TEST_F(SweepBoardTest, AFolderGoesOnWithItsOwnSweepAlone) {
  const SweepFolder folder(folder_);
  EXPECT_TRUE(folder.begun());
  folder.check(plan_.base, "[grid]\nrun.seed = 1|2|3  # the same points\n");
  EXPECT_THROW(folder.check(plan_.base, "[grid]\nrun.seed = 1 | 2\n"), ConfigError);
  Config other = plan_.base;
  other.assign("federation.rounds", "77", "test");
  EXPECT_THROW(folder.check(other, plan_.grid_text), ConfigError);
  folder.remove();
  EXPECT_FALSE(folder.begun());
  folder.check(other, "[grid]\nrun.seed = 1 | 2\n");
}

}  // namespace
}  // namespace medpfl
