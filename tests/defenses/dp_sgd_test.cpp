#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "defenses/defense.hpp"
#include "defenses/round_schedule.hpp"

namespace medpfl {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

OptionValues options(const Given& given) {
  OptionValues own = OptionValues::defaults(defenses().find("dp-sgd").options);
  for (const auto& [name, value] : given) own.set(name, value);
  return own;
}

Defense dp_sgd(const Given& given) { return defenses().find("dp-sgd").create(options(given)); }

RoundSchedule bound(const Given& given) {
  const OptionValues own = options(given);
  return {schedule_options("bound", "").read(own), pace_options().read(own), "bound",
          "defense.dp-sgd"};
}

std::vector<double> values(const RoundSchedule& schedule, int64_t rounds) {
  std::vector<double> out;
  for (int64_t r = 0; r < rounds; ++r) out.push_back(schedule.at(r, rounds));
  return out;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << i;
}

RoundSchedule bound(const std::string& kind, Given more = {}) {
  more.insert(more.end(), {{"bound", "6"}, {"bound_last", "2"}, {"bound_schedule", kind}});
  return bound(more);
}

TEST(DpSgd, SchedulesGoFromTheFirstValueToTheLast) {
  expect_near(values(bound(Given{{"bound", "6"}}), 3), {6, 6, 6});
  expect_near(values(bound("linear"), 5), {6, 5, 4, 3, 2});
  expect_near(values(bound("staircase", {{"stairs", "2"}}), 5), {6, 6, 6, 2, 2});
  expect_near(values(bound("staircase", {{"stairs", "3"}}), 6), {6, 6, 4, 4, 2, 2});
  expect_near(values(bound("exponential"), 3), {6, std::sqrt(12), 2});
  expect_near(values(bound("cyclic", {{"period", "4"}}), 6), {6, 4, 2, 4, 6, 4});
}

TEST(DpSgd, OneRoundHasTheFirstValue) {
  for (const char* kind : {"linear", "staircase", "exponential", "cyclic"})
    EXPECT_EQ(bound(kind).at(0, 1), 6) << kind;
}

TEST(DpSgd, GuaranteesItsNoiseOverItsBoundWhateverTheBound) {
  const Defense dp =
      dp_sgd({{"bound", "3"}, {"sigma", "15"}, {"sigma_last", "5"}, {"sigma_schedule", "linear"}});
  ASSERT_NE(dp.step, nullptr);
  EXPECT_EQ(dp.step->guarantee(0, 3).multiplier, 15);
  EXPECT_EQ(dp.step->guarantee(2, 3).multiplier, 5);
  EXPECT_EQ(dp.step->guarantee(2, 3).delta, 1e-5);
  EXPECT_EQ(dp.step->sampling(), Sampling::kShuffled);
  EXPECT_EQ(dp_sgd({{"sampling", "poisson"}}).step->sampling(), Sampling::kPoisson);
  EXPECT_EQ(dp.message, nullptr);
  EXPECT_EQ(dp.describe(), "dp-sgd bound=3 sigma=15 to 5 linear sampling=shuffled delta=1e-05");
}

std::string error_of(const Given& given) {
  try {
    dp_sgd(given);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(DpSgd, LastValuesAndSchedulesNeedEachOther) {
  EXPECT_EQ(error_of({{"bound_last", "2"}}),
            "defense.dp-sgd.bound_last=2 needs defense.dp-sgd.bound_schedule=linear, staircase, "
            "exponential or cyclic; constant has no last value");
  EXPECT_EQ(error_of({{"sigma_schedule", "cyclic"}}),
            "defense.dp-sgd.sigma_schedule=cyclic needs defense.dp-sgd.sigma_last, the value to "
            "end at");
}

TEST(DpSgd, RefusesNetworksWithoutGradientsOfExamples) {
  const auto& convnet = models().find("convnet");
  OptionValues own = OptionValues::defaults(convnet.options);
  own.set("norm", "batch");
  ModelRequest request;
  request.input = {1, 32, 32};
  dp_sgd({}).step->check(convnet.create(own, request));
  request.norm_mode = NormMode::kTrain;
  try {
    dp_sgd({}).step->check(convnet.create(own, request));
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("dp-sgd clips the gradient of each example: convnet"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace medpfl
