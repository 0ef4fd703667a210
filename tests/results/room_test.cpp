#include "results/folder/room.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/log.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

int64_t available(const fs::path& folder) {
  return static_cast<int64_t>(fs::space(folder).available);
}

TEST(Room, RefusesWhatDoesNotFitAndSaysWhatTakesIt) {
  const std::string here = fs::temp_directory_path().string();
  check_room(here + "/not/there", {{"gradients", 0}, {"client states", 0}});
  try {
    check_room(here + "/not/there",
               {{"gradients", int64_t{1} << 59}, {"weights", 0}, {"states", int64_t{1} << 59}});
    ADD_FAILURE() << "accepted";
  } catch (const OutputError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("take up to 1152921504606.8 MB (gradients 576460752303.4 MB, "
                        "states 576460752303.4 MB)"),
              std::string::npos)
        << what;
    EXPECT_NE(what.find(here + " has room for "), std::string::npos) << what;
    EXPECT_NE(what.find("output.precision=float16"), std::string::npos) << what;
  }
}

TEST(Room, AddsUpTheNeeds) {
  const fs::path here = fs::temp_directory_path();
  const int64_t most = available(here) / 4 * 3;  // others write there too
  check_room(here.string() + "/not/there", {{"gradients", most}});
  EXPECT_THROW(check_room(here.string() + "/not/there", {{"gradients", most}, {"weights", most}}),
               OutputError);
}

TEST(Room, WhatIsInTheFolderCountsAsRoom) {
  const fs::path folder = fs::temp_directory_path() / "medpfl_room_test";
  fs::create_directories(folder / "states");
  const fs::path states = folder / "states" / "round-00001.h5";
  std::ofstream(states).put('x');
  constexpr int64_t kHole = int64_t{1} << 40;  // beyond the noise of what others write there
  fs::resize_file(states, kHole);
  const int64_t more = available(folder) + kHole / 2;
  check_room(folder.string(), {{"client states", more}});
  fs::remove(states);
  EXPECT_THROW(check_room(folder.string(), {{"client states", more}}), OutputError);
  fs::remove_all(folder);
}

TEST(Room, AFileSystemThatTellsNothingIsNoReasonNotToRun) {
  start_log(0, 1, false);
  setenv("ODD_FILES_ROOM", "1", 1);
  testing::internal::CaptureStderr();
  const std::string here = fs::temp_directory_path().string();
  EXPECT_NO_THROW(check_room(here + "/not/there", {{"gradients", 1000}}));
  const std::string said = testing::internal::GetCapturedStderr();
  unsetenv("ODD_FILES_ROOM");
  EXPECT_NE(said.find("warning: the file system of " + here), std::string::npos) << said;
}

}  // namespace
}  // namespace medpfl
