// Which kinds of messages attacks are run on, decided before any hospital trains.
#include "config/attack_targets.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.hpp"

namespace medpfl::attack_targets_test {
namespace {

using Words = std::vector<std::string>;

// Updates of FedAvg are of whole shards; probes of one image.
Settings settings_of(const Words& options) {
  Config config;
  Words words = {"--federation.algorithm=fedavg"};
  for (const std::string& option : options) words.push_back("--" + option);
  config.read_arguments(words);
  return make_settings(config);
}

std::string refusal(const Words& options) {
  try {
    settings_of(options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

// The kinds in a word: u, p, up.
std::string word(MessageKinds kinds) {
  return std::string(kinds.updates ? "u" : "") + (kinds.probes ? "p" : "");
}

std::string kinds_of(const Words& options) {
  const Settings s = settings_of(options);
  std::string out;
  for (const AttackPlan::Method& method : s.attack.methods) out += word(method.kinds) + " ";
  return out + "all " + word(s.targets->kinds);
}

const std::string kProbes = "attack.probes=2", kBoth = "attack.method=inverting-gradients";

TEST(AttackTargets, WithoutProbesThereAreUpdates) {
  EXPECT_EQ(kinds_of({kBoth}), "u all u");
  EXPECT_EQ(kinds_of({kBoth, "attack.targets=updates"}), "u all u");
  const std::string refused =
      "attack.targets names probes, and attack.probes=0 sends none: set attack.probes=4, or "
      "attack.targets=updates";
  EXPECT_EQ(refusal({kBoth, "attack.targets=probes"}), refused);
  EXPECT_EQ(refusal({kBoth, "attack.targets=updates,probes"}), refused);
}

TEST(AttackTargets, WithProbesBothKindsAreAttackedUnlessOneIsNamed) {
  EXPECT_EQ(kinds_of({kBoth, kProbes}), "up all up");
  EXPECT_EQ(kinds_of({kBoth, kProbes, "attack.targets=updates,probes"}), "up all up");
  EXPECT_EQ(kinds_of({kBoth, kProbes, "attack.targets=updates"}), "u all u");
  EXPECT_EQ(kinds_of({kBoth, kProbes, "attack.targets=probes"}), "p all p");
}

TEST(AttackTargets, OtherWordsAreRefused) {
  for (const std::string& method : {kBoth, std::string("attack.method=")})
    for (const std::string words : {"", "all", "auto,updates"})
      EXPECT_EQ(refusal({method, kProbes, "attack.targets=" + words}),
                "attack.targets=" + words +
                    " is not allowed: use auto, updates, probes, or updates,probes");
}

TEST(AttackTargets, WhatOneAttackCannotReadIsLeftToTheOthers) {
  const Words methods = {"attack.method=idlg,dlg,cpl", kProbes, "attack.cpl.output_error=observed"};
  EXPECT_EQ(kinds_of(methods), "p up p all up");
  EXPECT_EQ(settings_of(methods).attack.not_tested,
            (Words{"updates, which idlg cannot read (attack.labels=idlg reads the label of one "
                   "image)",
                   "updates, which cpl cannot read (attack.cpl.output_error=observed holds for one "
                   "image)"}));
  EXPECT_EQ(kinds_of({"attack.method=idlg", kProbes}), "p all p");
  EXPECT_TRUE(settings_of({kBoth, kProbes}).attack.not_tested.empty());
}

TEST(AttackTargets, ProbesAreLeftOutWhereOnlyUpdatesAreOfOneImage) {
  const Words single = {"attack.method=idlg", kProbes, "federation.algorithm=fedsgd",
                        "federation.batch_size=1"};
  EXPECT_EQ(kinds_of(single), "up all up");
  Words batches = single;
  batches.emplace_back("attack.probe_batch=2");
  EXPECT_EQ(kinds_of(batches), "u all u");
  EXPECT_EQ(settings_of(batches).attack.not_tested,
            (Words{"probes, which idlg cannot read (attack.labels=idlg reads the label of one "
                   "image)"}));
}

TEST(AttackTargets, WhatIsNamedMustBePossible) {
  const std::string how =
      ": attack probes (attack.targets=probes), or use federation.algorithm=fedsgd with "
      "federation.batch_size=1, or attack.labels=known or joint";
  const std::string updates = "attack.labels=idlg (idlg) reads the label of one image" + how;
  for (const char* targets : {"attack.targets=updates", "attack.targets=updates,probes"})
    EXPECT_EQ(refusal({"attack.method=idlg", kProbes, targets}), updates);
  EXPECT_EQ(refusal({"attack.method=idlg", kProbes, "attack.targets=updates,probes",
                     "attack.probe_batch=2"}),
            "attack.labels=idlg (idlg) reads the label of one image: it needs "
            "attack.probe_batch=1, or attack.labels=known or joint\n" +
                updates);
}

TEST(AttackTargets, UpdatesOfDrawnBatchesAreLeftOut) {
  const Words drawn = {kBoth, "defense.chain=dp-sgd", "defense.dp-sgd.sampling=poisson"};
  const auto with = [&](const Words& more) {
    Words all = drawn;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  EXPECT_EQ(kinds_of(with({kProbes})), "p all p");
  const Words left_out = settings_of(with({kProbes})).attack.not_tested;
  ASSERT_EQ(left_out.size(), 1U);
  EXPECT_EQ(left_out[0].find("updates, whose number of images the defense chain (dp-sgd"), 0U)
      << left_out[0];
  EXPECT_NE(refusal(with({})).find("attack probes (attack.probes=4), or have batches shuffled"),
            std::string::npos);
  EXPECT_NE(refusal(with({kProbes, "attack.targets=updates"}))
                .find("attack probes (attack.targets=probes), or have batches shuffled"),
            std::string::npos);
}

}  // namespace
}  // namespace medpfl::attack_targets_test
