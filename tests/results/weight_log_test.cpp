// The log of global models, and its state in a checkpoint.
#include "results/resume/weight_log.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "../attacks/observations.hpp"
#include "../core/archive_trip.hpp"

namespace medpfl {
namespace {

namespace fs = std::filesystem;

using archive_trip::expect_refusals;
using archive_trip::expect_same_state;

class WeightLogState : public ::testing::Test {
 protected:
  WeightLogState() {
    fs::create_directories(folder_);
    const Model model = observations::build("mlp", 2, 2);
    FlatParameters weights(model.layout());
    for (const int rows : {2, 1}) {
      for (int i = 0; i < rows; ++i) log_.add(weights);
      log_.cut();
    }
  }
  ~WeightLogState() override { fs::remove_all(folder_); }

  std::string folder_ = testing::TempDir() + "weight_log_" + std::to_string(getpid());
  WeightLog log_{folder_}, fresh_{folder_};
};

TEST_F(WeightLogState, ComesBackWhole) {
  expect_same_state(&log_, &fresh_);
  EXPECT_EQ(log_.rows(), 3);
  EXPECT_EQ(fresh_.rows(), 3);
  ASSERT_EQ(fresh_.blocks().size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(fresh_.blocks()[i].file, "weights/segment-0000" + std::to_string(i) + ".h5");
    EXPECT_EQ(fresh_.blocks()[i].dataset, "/weights");
    EXPECT_EQ(fresh_.blocks()[i].rows, log_.blocks()[i].rows);
  }
}

// What was there before is replaced, and segments that the state does not know go.
TEST_F(WeightLogState, TakesTheStateOfAnEarlierMoment) {
  WeightLog empty(folder_);
  const std::string before = archive_trip::save(&empty);
  archive_trip::restore(before, &log_);
  EXPECT_EQ(log_.rows(), 0);
  log_.remove_unknown();
  EXPECT_FALSE(fs::exists(folder_ + "/weights/segment-00000.h5"));
}

TEST_F(WeightLogState, AnotherVersionOrAMissingEntryIsRefused) {
  expect_refusals(&log_, &fresh_, "segments");
  EXPECT_EQ(
      archive_trip::refusal(archive_trip::without(archive_trip::save(&log_), "dataset"), &fresh_),
      "state: segments/0 has no entry 'dataset', which version 1 needs; resume with another "
      "program");
}

}  // namespace
}  // namespace medpfl
