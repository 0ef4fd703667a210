#include "results/folder/run_holder.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/process.hpp"
#include "results/folder/run_lock.hpp"

namespace medpfl {
namespace {

namespace fs = std::filesystem;

class RunHolders : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string said() const { return describe_holder(find_holder(folder_)); }
  void leave(const std::string& mark) const {
    std::ofstream(folder_ + "/" + RunLock::kName) << mark;
  }

  const std::string folder_ = testing::TempDir() + "run_holder_test";
};

TEST_F(RunHolders, WhoIsAtWorkIsNamed) {
  EXPECT_EQ(said(), "no process is at work on it now; go on with --resume\n");
  {
    const RunLock lock(folder_);
    EXPECT_EQ(find_holder(folder_).state, ProcessState::kAlive);
    EXPECT_EQ(said(), "process " + std::to_string(::getpid()) + " of " + host_name() +
                          " is at work on it\n");
  }
  EXPECT_EQ(said(), "no process is at work on it now; go on with --resume\n");
}

TEST_F(RunHolders, WhoWasKilledIsNamed) {
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock lock(folder_);
    ::raise(SIGKILL);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(said(), "no process is at work on it now: process " + std::to_string(child) + " of " +
                        host_name() + " was killed or lost its node; go on with --resume\n");
}

TEST_F(RunHolders, WhatIsNotKnownHereIsNotClaimed) {
  for (const auto& [mark, who] :
       {std::pair{"process 1 of nowhere\nstarted 5 on a boot\n", "process 1 of nowhere"},
        std::pair{"process 1 of nowhere", "process 1 of nowhere"},
        std::pair{"", "another process"}}) {
    leave(mark);
    EXPECT_EQ(find_holder(folder_).state, ProcessState::kUnknown);
    EXPECT_EQ(said(), std::string(who) +
                          " was at work on it when it was last written; whether it still is cannot "
                          "be known here\n");
  }
}

}  // namespace
}  // namespace medpfl
