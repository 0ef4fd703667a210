#include "audit/plan.hpp"

#include <gtest/gtest.h>

#include <set>

#include "config/grid.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

Config audit_config() {
  Config config;
  set_audit_defaults(&config);
  return config;
}

std::string value(const Config& config, const std::string& option) {
  return config.entries().at(option).value;
}

TEST(AuditPlan, AttacksTheFirstTheMiddleAndTheLastRound) {
  EXPECT_EQ(first_middle_last(1), (std::vector<int64_t>{0}));
  EXPECT_EQ(first_middle_last(2), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(first_middle_last(5), (std::vector<int64_t>{0, 2, 4}));
  EXPECT_EQ(make_audit_plan(audit_config()).rounds, (std::vector<int64_t>{0, 2, 4}));
}

TEST(AuditPlan, UpdatesComeBeforeProbes) {
  Config config = audit_config();
  std::vector<std::string> names;
  for (const Stage& stage : make_audit_plan(config).stages()) names.push_back(stage.name());
  EXPECT_EQ(names, (std::vector<std::string>{"round-0-update", "round-2-update", "round-4-update",
                                             "round-0-probe", "round-2-probe", "round-4-probe"}));
  config.assign("attack.targets", "probes", "test");
  EXPECT_EQ(make_audit_plan(config).stages().front().name(), "round-0-probe");
  EXPECT_EQ(make_audit_plan(config).stages().size(), 3U);
  config.assign("attack.targets", "auto", "test");
  config.assign("attack.probes", "0", "test");
  EXPECT_EQ(make_audit_plan(config).stages().size(), 3U);
}

TEST(AuditPlan, WhatAUserSetsStays) {
  Config config;
  config.assign("federation.rounds", "7", kCommandLine);
  config.assign("data.public", "0.25", kCommandLine);
  set_audit_defaults(&config);
  EXPECT_EQ(value(config, "federation.rounds"), "7");
  EXPECT_EQ(value(config, "data.public"), "0.25");
  EXPECT_EQ(value(config, "attack.rounds"), "0,3,6");
}

TEST(AuditPlan, ARehearsalHoldsPublicImagesAtTheWeightsOfItsRound) {
  const AuditPlan plan = make_audit_plan(audit_config());
  const Config config = plan.of_rehearsal({2, true}, "screen", 1, 300);
  EXPECT_EQ(value(config, "data.hospitals"), "public");
  EXPECT_EQ(value(config, "model.weights"), plan.federation());
  EXPECT_EQ(value(config, "model.weights_round"), "2");
  EXPECT_EQ(value(config, "federation.rounds"), "1");
  EXPECT_EQ(value(config, "federation.clients"), "1");
  EXPECT_EQ(value(config, "attack.max_evaluations"), "300");
  EXPECT_EQ(value(config, "attack.targets"), "probes");
  // Nothing else that decides what a message is differs from the federation.
  const Config federation = plan.of_federation();
  for (const char* same : {"federation.algorithm", "federation.batch_size", "defense.chain",
                           "federation.learning_rate", "model.name"})
    EXPECT_EQ(value(config, same), value(federation, same)) << same;
}

TEST(AuditPlan, FurtherNetworksDifferInTheirSeedAlone) {
  const AuditPlan plan = make_audit_plan(audit_config());
  const Config first = plan.of_federation(0), third = plan.of_federation(2);
  for (const auto& [option, entry] : first.entries()) {
    const std::string other = value(third, option);
    if (option == "run.seed")
      EXPECT_EQ(std::stoll(other), std::stoll(entry.value) + 2);
    else if (option == "run.output")
      EXPECT_EQ(other, plan.folder + "/network-2/federation");
    else
      EXPECT_EQ(other, entry.value) << option;
  }
  EXPECT_EQ(AuditPlan::attack_folder("attack", {4, true}, 0), "attack/round-4-probe");
  EXPECT_EQ(AuditPlan::attack_folder("judge", {4, true}, 1), "network-1/judge/round-4-probe");
  EXPECT_EQ(audit_parts(2), (std::vector<std::string>{"federation", "rehearsal", "attack", "judge",
                                                      "presets", "audit.h5", "network-1"}));
}

TEST(AuditPlan, ARehearsalHasTheNoiseOfItsRound) {
  Config config = audit_config();  // of 5 rounds
  config.assign("defense.chain", "dp-sgd", "test");
  config.assign("defense.dp-sgd.sigma", "3", "test");
  config.assign("defense.dp-sgd.sigma_last", "1", "test");
  config.assign("defense.dp-sgd.sigma_schedule", "linear", "test");
  const AuditPlan plan = make_audit_plan(config);
  for (const auto& [round, sigma] : {std::pair(0, "3"), std::pair(2, "2"), std::pair(4, "1")}) {
    const Config rehearsal = plan.of_rehearsal({round, true}, "screen", 1, 300);
    EXPECT_EQ(value(rehearsal, "defense.dp-sgd.sigma"), sigma);
    EXPECT_EQ(value(rehearsal, "defense.dp-sgd.sigma_schedule"), "constant");
    EXPECT_EQ(value(rehearsal, "defense.dp-sgd.sigma_last"), "same");
    EXPECT_EQ(value(rehearsal, "defense.dp-sgd.bound"), value(config, "defense.dp-sgd.bound"));
  }
  EXPECT_EQ(value(plan.of_federation(), "defense.dp-sgd.sigma_schedule"), "linear");
}

TEST(AuditPlan, CandidatesThatDoNotFitAreLeftOut) {
  const AuditPlan plan = make_audit_plan(audit_config());
  const Stage probe{0, true}, update{0, false};
  const auto names = [&](const Stage& stage, const std::string& chain) {
    AuditPlan defended = plan;
    defended.base.assign("defense.chain", chain, "test");
    std::set<std::string> out;
    for (const CandidateAttack& one : defended.candidates(stage)) out.insert(one.name);
    return out;
  };
  const auto plain = names(probe, "");
  EXPECT_EQ(plain.count("observed-error"), 1U);
  EXPECT_EQ(plain.count("readout"), 0U);     // no dense layer first
  EXPECT_EQ(plain.count("statistics"), 0U);  // no batch normalization
  EXPECT_EQ(plain.count("unroll"), 0U);      // a probe is one step
  EXPECT_EQ(names(update, "").count("unroll"), 1U);
  EXPECT_EQ(names(update, "").count("observed-error"), 0U);
  EXPECT_EQ(names(probe, "gaussian").count("cosine-colour-0.1"), 1U);
}

TEST(AuditPlan, EachCandidateIsAPointOfTheGrid) {
  const std::vector<CandidateAttack> all = candidates_for({});
  const Grid grid = parse_grid(grid_of(all), "test");
  ASSERT_EQ(grid.points.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(grid.points[i].block, all[i].name);
}

TEST(AuditPlan, SumsAreRefused) {
  Config config = audit_config();
  config.assign("attack.sees", "sum", "test");
  config.assign("attack.probes", "0", "test");
  EXPECT_THROW(make_audit_plan(config), ConfigError);
}

}  // namespace
}  // namespace medpfl
