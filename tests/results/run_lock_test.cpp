#include "results/run_lock.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/process.hpp"
#include "results/run_folder.hpp"

namespace medpfl {
namespace {

namespace fs = std::filesystem;

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

}  // namespace
}  // namespace medpfl
