#include "study/attack_config.hpp"

#include <gtest/gtest.h>

#include <map>

#include "../core/refusal.hpp"

namespace medpfl {
namespace {

TEST(AttackConfig, WhatMadeTheRecordMayNotChange) {
  const Config recorded;
  Config config = recorded;
  config.assign("attack.iterations", "9", "test");
  config.assign("checkpoint.every", "2", "test");
  config.assign("run.output", "runs/b", "test");
  EXPECT_EQ(refusal([&] { refuse_changed_record(recorded, config, "runs/a"); }), "");
  const std::map<std::string, std::string> made = {{"federation.rounds", "9"},
                                                   {"attack.threat", "malicious-server"}};
  for (const auto& [option, value] : made) {
    Config other = config;
    other.assign(option, value, "test");
    const std::string message = refusal([&] { refuse_changed_record(recorded, other, "runs/a"); });
    EXPECT_NE(message.find("attack works on what runs/a recorded"), std::string::npos) << message;
    EXPECT_NE(message.find(option + ": here '" + value + "'"), std::string::npos) << message;
  }
}

TEST(AttackConfig, OnlySingleRecordedMessagesAreAttackedAgain) {
  const auto check = [](const std::map<std::string, std::string>& options) {
    Config config;
    for (const auto& [option, value] : options) config.assign(option, value, "test");
    const Settings settings = make_settings(config);
    return refusal([&] { check_attack_settings(settings, "runs/a"); });
  };
  EXPECT_EQ(check({{"attack.method", "inverting-gradients"}, {"attack.labels", "known"}}), "");
  EXPECT_NE(check({{"attack.method", ""}}).find("attack.method is empty"), std::string::npos);
  std::map<std::string, std::string> sums = {{"attack.method", "inverting-gradients"},
                                             {"attack.labels", "known"},
                                             {"attack.sees", "sum"},
                                             {"attack.probes", "0"},
                                             {"federation.batch_size", "2"}};
  EXPECT_NE(check(sums).find("attack.sees=sum works in medpfl simulate"), std::string::npos);
  sums["federation.secure_aggregation"] = "true";
  sums["output.gradients"] = "none";
  EXPECT_NE(check(sums).find("runs/a was trained under secure aggregation"), std::string::npos);
}

}  // namespace
}  // namespace medpfl
