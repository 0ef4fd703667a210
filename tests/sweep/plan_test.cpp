#include "sweep/plan.hpp"

#include <gtest/gtest.h>

#include "../core/refusal.hpp"

namespace medpfl::plan_test {
namespace {

const char* const kGrid = "[grid]\nfederation.rounds = 1 | 2 | 3\nrun.seed = 4 | 5\n";

Config base() {
  Config config;
  config.assign("run.output", "runs/s", "test");
  return config;
}

SweepPlan plan_of(const SweepRequest& request, int ranks = 4) {
  return make_plan(base(), "g.ini", kGrid, request, ranks);
}

SweepRequest with_index(const std::string& index) {
  SweepRequest request;
  request.index = index;
  return request;
}

TEST(SweepPlan, WithoutAnIndexAllPointsAreDueOnAllRanks) {
  const SweepPlan plan = plan_of({});
  EXPECT_EQ(plan.selected, (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_FALSE(plan.is_part);
  EXPECT_EQ(plan.ranks_per_point, 4);
}

TEST(SweepPlan, AnIndexIsOnePointOrAShare) {
  EXPECT_EQ(plan_of(with_index("3")).selected, (std::vector<int64_t>{3}));
  EXPECT_EQ(plan_of(with_index("1/4")).selected, (std::vector<int64_t>{1, 5}));
  EXPECT_TRUE(plan_of(with_index("1/4")).is_part);
  EXPECT_TRUE(plan_of(with_index("7/9")).selected.empty()) << "more shares than points";
}

TEST(SweepPlan, WhatIsNoPointOrShareIsRefused) {
  for (const char* index : {"6", "-1", "x", "4/4", "1/0", "/4", "1/", "1/2/3"})
    EXPECT_NE(refusal([&] { plan_of(with_index(index)); }).find("--index " + std::string(index)),
              std::string::npos)
        << index;
}

TEST(SweepPlan, RanksPerPointLieWithinTheRanks) {
  SweepRequest request;
  request.ranks_per_point = "2";
  EXPECT_EQ(plan_of(request).ranks_per_point, 2);
  for (const char* number : {"0", "5", "two"}) {
    request.ranks_per_point = number;
    EXPECT_NE(refusal([&] { plan_of(request); }).find("1 to the number of ranks, 4"),
              std::string::npos)
        << number;
  }
}

TEST(SweepPlan, APointIsTheBaseWithItsOptionsInAFolderOfItsOwn) {
  const SweepPlan plan = plan_of({});
  EXPECT_EQ(plan.describe(3), "federation.rounds=2 run.seed=5");
  const Config point = plan.config(3);
  EXPECT_EQ(point.entries().at("federation.rounds").value, "2");
  EXPECT_EQ(point.entries().at("run.seed").value, "5");
  EXPECT_EQ(point.entries().at("run.output").value, "runs/s/points/00003");
  EXPECT_EQ(point.entries().at("federation.clients").source, "default");
}

TEST(SweepPlan, ASweepWithoutAFolderIsRefused) {
  Config config = base();
  config.assign("run.output", "", "test");
  EXPECT_EQ(refusal([&] { make_plan(config, "g.ini", kGrid, {}, 1); }),
            "run.output must name a folder");
}

TEST(SweepPlan, TellsWhichAttacksAnswerTheDefensesOfAPoint) {
  const char* grid = "[none]\n[noise]\ndefense.chain = gaussian\nattack.adapt = auto | off\n";
  Config config = base();
  config.assign("attack.method", "idlg,dlg", "test");
  config.assign("attack.probes", "1", "test");
  config.assign("attack.targets", "probes", "test");
  EXPECT_EQ(check_points(make_plan(config, "g.ini", grid, {}, 1)),
            (std::vector<std::string>{"idlg, dlg", "idlg, dlg", ""}));
}

TEST(SweepPlan, PointsThatCannotRunAreNamedBeforeAnyRuns) {
  const auto check = [](const Config& config, const char* grid) {
    return refusal([&] { check_points(make_plan(config, "g.ini", grid, {}, 1)); });
  };
  EXPECT_EQ(check(base(), kGrid), "");
  const std::string invalid =
      check(base(), "[grid]\nattack.method = idlg\nattack.probes = 1 | 0\n");
  EXPECT_NE(invalid.find("g.ini: point 1 (attack.method=idlg attack.probes=0): "),
            std::string::npos)
      << invalid;
  EXPECT_NE(check(base(), "[a]\nrun.seed = 1\n[b]\nrun.seed = 1\n")
                .find("has the same options as point 0"),
            std::string::npos);
  Config twice = base();
  twice.read_arguments({"--run.seed=3"});
  EXPECT_NE(check(twice, kGrid)
                .find("run.seed is given on the command line and by the grid, at "
                      "g.ini:3"),
            std::string::npos);
}

}  // namespace
}  // namespace medpfl::plan_test
