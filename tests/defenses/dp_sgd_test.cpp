#include "defenses/dp_sgd.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "defenses/defense.hpp"

namespace medpfl {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

OptionValues options(const Given& given) {
  OptionValues own = OptionValues::defaults(defenses().find("dp-sgd").options);
  for (const auto& [name, value] : given) own.set(name, value);
  return own;
}

DpSgd dp_sgd(const Given& given) { return DpSgd(options(given)); }

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
  return dp_sgd(more).bound;
}

TEST(DpSgd, SchedulesGoFromTheFirstValueToTheLast) {
  expect_near(values(dp_sgd({{"bound", "6"}}).bound, 3), {6, 6, 6});
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

TEST(DpSgd, BoundAndSigmaAreIndependent) {
  const DpSgd dp =
      dp_sgd({{"bound", "3"}, {"sigma", "15"}, {"sigma_last", "5"}, {"sigma_schedule", "linear"}});
  EXPECT_EQ(dp.bound.at(2, 3), 3);
  EXPECT_EQ(dp.sigma.at(2, 3), 5);
  EXPECT_FALSE(dp.poisson);
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

TEST(DpSgd, IsTheFirstOfAChainOrRefused) {
  const auto make = [](const std::string& name) {
    const auto& entry = defenses().find(name);
    return entry.create(OptionValues::defaults(entry.options));
  };
  DefenseChain chain;
  EXPECT_EQ(chain.dp_sgd(), nullptr);
  chain.append(make("dp-sgd"));
  chain.append(make("clip"));
  ASSERT_NE(chain.dp_sgd(), nullptr);
  EXPECT_EQ(chain.dp_sgd()->delta, 1e-5);
  for (const char* before : {"clip", "dp-sgd"}) {
    DefenseChain other;
    other.append(make(before));
    try {
      other.append(make("dp-sgd"));
      ADD_FAILURE() << "after " << before;
    } catch (const ConfigError& error) {
      EXPECT_STREQ(error.what(),
                   "defense.chain: dp-sgd acts in the local steps, before any other defense: name "
                   "it first, and once");
    }
  }
}

}  // namespace
}  // namespace medpfl
