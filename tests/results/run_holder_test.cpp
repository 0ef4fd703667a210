#include "results/folder/run_holder.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "core/error.hpp"
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

TEST_F(RunHolders, AnotherFolderOfTheSameNameIsRefused) {
  using std::chrono::milliseconds;
  const auto expect = [&](const std::string& mark) {
    expect_holder(folder_, mark, milliseconds(200));
  };
  const RunLock lock(folder_);
  EXPECT_NO_THROW(expect(mark_process()));
  try {
    expect("process 7 of node1\nstarted 5 on a boot\n");
    FAIL() << "it is another run's";
  } catch (const OutputError& error) {
    const std::string said = error.what();
    EXPECT_EQ(said.find("run.output=" + folder_ + ": "), 0u) << said;
    EXPECT_NE(said.find(" on " + host_name() + " is not the folder that process 7 of node1 has"),
              std::string::npos)
        << said;
  }
  // The file becomes known late.
  leave("");
  std::thread other_host([&] {
    std::this_thread::sleep_for(milliseconds(50));
    leave(mark_process());
  });
  EXPECT_NO_THROW(expect_holder(folder_, mark_process()));
  other_host.join();
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
