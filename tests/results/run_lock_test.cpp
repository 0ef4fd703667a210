#include "results/folder/run_lock.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/process.hpp"
#include "results/folder/process_mark.hpp"
#include "results/folder/run_folder.hpp"

namespace medpfl {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class RunLocks : public ::testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  const std::string folder_ = testing::TempDir() + "run_lock_test/run";
  const fs::path file_ = fs::path(folder_) / RunLock::kName;
};

TEST_F(RunLocks, OneAtATimeHasAFolder) {
  {
    const RunLock first(folder_);
    try {
      const RunLock second(folder_);
      FAIL() << "two have it";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kBusy);
      EXPECT_NE(std::string(error.what()).find(folder_), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(host_name()), std::string::npos) << error.what();
    }
    EXPECT_TRUE(fs::exists(file_));
    const RunLock elsewhere(folder_ + "/other");
  }
  EXPECT_FALSE(fs::exists(folder_));
  {
    const RunLock again(folder_);
    std::ofstream(folder_ + "/run.h5") << "results";
  }
  EXPECT_FALSE(fs::exists(file_));
  EXPECT_TRUE(fs::exists(folder_ + "/run.h5"));
}

TEST_F(RunLocks, WhatAKilledProcessLeftKeepsNobodyOut) {
  fs::create_directories(folder_);
  std::ofstream(file_) << "process 1 of nowhere";
  EXPECT_NO_THROW(RunLock{folder_});
  std::ofstream(file_) << "process 1 of nowhere";
  EXPECT_NO_THROW(check_output_folder(folder_, true));
}

TEST_F(RunLocks, AFolderThatCannotBeWrittenIsAnError) {
  fs::create_directories(fs::path(folder_).parent_path());
  std::ofstream(folder_) << "a file";
  EXPECT_THROW(RunLock{folder_}, OutputError);
}

// A file system that knows no locks, as Lustre without flock.
class RunLocksWithoutFlock : public RunLocks {
 protected:
  void SetUp() override {
    RunLocks::SetUp();
    fs::create_directories(folder_);
    setenv("ODD_FILES_FLOCK", std::to_string(ENOSYS).c_str(), 1);
  }
  void TearDown() override {
    unsetenv("ODD_FILES_FLOCK");
    RunLocks::TearDown();
  }
  // Leaves the file of an owner that was touched this many seconds ago.
  void leave(const fs::path& path, const std::string& mark, int64_t seconds) const {
    std::ofstream(path) << mark;
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::seconds(seconds));
  }
  // A process that has the folder until it is killed.
  pid_t start_holder() const {
    int ready[2];
    if (pipe(ready) != 0) return -1;
    const pid_t child = fork();
    if (child == 0) {
      const RunLock lock(folder_);
      static_cast<void>(write(ready[1], "!", 1) == 1);
      for (;;) pause();
    }
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
  }
  std::string refusal() const {
    try {
      const RunLock lock(folder_);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kBusy);
      return error.what();
    }
  }
  std::string left() const {
    std::string names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_))
      names += entry.path().filename().string() + " ";
    return names;
  }
  const fs::path owner_ = fs::path(folder_) / RunOwner::kName;
  const fs::path new_owner_ = fs::path(folder_) / RunOwner::kNewName;
};

TEST_F(RunLocksWithoutFlock, OneAtATimeHasAFolder) {
  for (const int error : {ENOSYS, ENOLCK, ENOTSUP}) {
    setenv("ODD_FILES_FLOCK", std::to_string(error).c_str(), 1);
    {
      const RunLock first(folder_);
      const std::string what = refusal();
      EXPECT_NE(what.find(holder_named(mark_process())), std::string::npos) << what;
      EXPECT_NO_THROW(check_output_folder(folder_, true));
    }
    EXPECT_EQ(left(), "");
    EXPECT_EQ(refusal(), "");
  }
}

TEST_F(RunLocksWithoutFlock, AnotherProcessKeepsItUntilItIsKilled) {
  const pid_t holder = start_holder();
  const std::string what = refusal();
  EXPECT_NE(what.find("process " + std::to_string(holder) + " of"), std::string::npos) << what;
  kill(holder, SIGKILL);
  while (!is_process_gone(read_file(owner_))) usleep(1000);  // ended, and not waited for
  EXPECT_EQ(refusal(), "");
  waitpid(holder, nullptr, 0);
  EXPECT_EQ(left(), "");
}

TEST_F(RunLocksWithoutFlock, ANumberThatAnotherProcessHasNowKeepsNobodyOut) {
  std::string mark = mark_process();
  const size_t start = mark.find("started ") + 8;
  mark.insert(start, "9");
  leave(owner_, mark, 0);
  EXPECT_EQ(refusal(), "");
}

TEST_F(RunLocksWithoutFlock, AProcessOfAnotherHostHasFiveMinutes) {
  leave(owner_, "process 1 of nowhere\n", 240);
  const std::string what = refusal();
  EXPECT_NE(what.find("process 1 of nowhere"), std::string::npos) << what;
  EXPECT_TRUE(fs::exists(owner_));
  EXPECT_FALSE(fs::exists(new_owner_));
  leave(owner_, "process 1 of nowhere\n", 310);
  EXPECT_EQ(refusal(), "");
  leave(new_owner_, "", 310);  // killed before it wrote its mark
  EXPECT_EQ(refusal(), "");
}

TEST_F(RunLocksWithoutFlock, OfManyThatTakeOverOneSucceeds) {
  for (int round = 0; round < 20; ++round) {
    leave(owner_, "process 1 of nowhere\n", 310);
    std::atomic<int> have{0}, refused{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        try {
          const RunLock lock(folder_);
          ++have;
          while (have + refused < 8) usleep(100);
        } catch (const Error&) {
          ++refused;
        }
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(have, 1);
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
}

TEST_F(RunLocksWithoutFlock, TheOwnerTouchesItsFileAndRemovesNoOther) {
  std::ofstream(file_) << "";
  const int clock = open(file_.c_str(), O_RDWR);
  {
    const RunOwner owner(folder_, clock, std::chrono::milliseconds(5));
    const auto old = fs::file_time_type::clock::now() - std::chrono::minutes(10);
    fs::last_write_time(owner_, old);
    for (int i = 0; i < 2000 && fs::last_write_time(owner_) < old + std::chrono::minutes(9); ++i)
      usleep(1000);
    EXPECT_GT(fs::last_write_time(owner_), old + std::chrono::minutes(9));
    fs::remove(owner_);
    std::ofstream(owner_) << "process 1 of nowhere";
  }
  EXPECT_TRUE(fs::exists(owner_));
  close(clock);
}

}  // namespace
}  // namespace medpfl
