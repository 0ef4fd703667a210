#include "results/folder/durable_file.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/log.hpp"

namespace medpfl {
namespace {

namespace fs = std::filesystem;

// On file systems whose fsync fails as odd_files.c is told.
class DurableFiles : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override {
    unsetenv("ODD_FILES_FSYNC");
    unsetenv("ODD_FILES_FSYNC_ALL");
    fs::remove_all(folder_);
  }
  void publish() const {
    std::ofstream(folder_ + "/partial") << "results";
    publish_file(folder_ + "/partial", folder_ + "/file");
  }
  const std::string folder_ = testing::TempDir() + "durable_file_test";
};

TEST_F(DurableFiles, AFolderThatKnowsNoFsyncIsToleratedAndSaidOnce) {
  start_log(0, 1, false);
  testing::internal::CaptureStderr();
  for (const int error : {EINVAL, ENOSYS, ENOTSUP, EOPNOTSUPP}) {
    setenv("ODD_FILES_FSYNC", std::to_string(error).c_str(), 1);
    EXPECT_NO_THROW(publish()) << error;
    EXPECT_TRUE(fs::exists(folder_ + "/file"));
    fs::remove(folder_ + "/file");
  }
  const std::string said = testing::internal::GetCapturedStderr();
  const size_t first = said.find("warning: cannot make the folder " + folder_);
  EXPECT_NE(first, std::string::npos) << said;
  EXPECT_NE(said.find("newest checkpoint may be missing"), std::string::npos) << said;
  EXPECT_EQ(said.find("warning", first + 1), std::string::npos) << said;
}

TEST_F(DurableFiles, AnythingElseIsAnError) {
  setenv("ODD_FILES_FSYNC", std::to_string(EIO).c_str(), 1);
  EXPECT_THROW(publish(), OutputError);
  for (const int error : {EINVAL, ENOSYS, ENOTSUP, EIO}) {
    setenv("ODD_FILES_FSYNC_ALL", std::to_string(error).c_str(), 1);
    EXPECT_THROW(publish(), OutputError) << error;
  }
}

}  // namespace
}  // namespace medpfl
