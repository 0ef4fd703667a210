// From a chain of defenses to the options of attacks.
#include "config/adaptation.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "../core/refusal.hpp"

namespace medpfl {
namespace {

using Words = std::vector<std::string>;

Config config_of(const Words& options) {
  Config config;
  Words words = {"--attack.probes=1"};
  for (const std::string& option : options) words.push_back("--" + option);
  config.read_arguments(words);
  adapt_attacks(&config);
  return config;
}

// What is set of an attack that attack.method names alone.
std::string adapted(const std::string& method, Words options) {
  options.push_back("attack.method=" + method);
  return adapted_options(config_of(options), method);
}

std::vector<bool> is_adapted(const Words& options) {
  std::vector<bool> each;
  const Settings settings = make_settings(config_of(options));
  for (const AttackPlan::Method& method : settings.attack.methods) each.push_back(method.adapted);
  return each;
}

Words noise(const std::string& scale, Words more = {}) {
  more.insert(more.end(), {"defense.chain=gaussian", "defense.gaussian.relative=norm",
                           "defense.gaussian.scale=" + scale});
  return more;
}

TEST(Adaptation, WithoutADefenseNothingChanges) {
  const Config config = config_of({"attack.method=idlg,modern"});
  for (const auto& [option, entry] : config.entries()) EXPECT_NE(entry.source, kAdaptation);
  EXPECT_EQ(is_adapted({"attack.method=idlg,modern"}), (std::vector<bool>{true, true}));
}

TEST(Adaptation, SmoothnessGrowsWithTheNoiseUpToItsNorm) {
  const auto weight = [](const std::string& scale) {
    return config_of(noise(scale, {"attack.method=idlg"}))
        .entries()
        .at("attack.idlg.tv_colour")
        .value;
  };
  EXPECT_EQ(weight("0.1"), "0.01");
  EXPECT_EQ(weight("0.3"), "0.03");
  EXPECT_EQ(weight("3"), "0.1");
}

TEST(Adaptation, AnAttackByLbfgsComparesDirectionsUnderNoise) {
  EXPECT_EQ(adapted("idlg", noise("0.3")),
            "grey=auto, line_search=strong-wolfe, objective=cosine, stop_loss=0, tv_colour=0.03");
}

TEST(Adaptation, OnlyAttacksOfTheRunAreAdapted) {
  EXPECT_EQ(adapted_options(config_of(noise("0.3", {"attack.method=idlg"})), "modern"), "");
}

TEST(Adaptation, WhatAUserSetsStays) {
  const std::string left =
      adapted("inverting-gradients", noise("0.3", {"attack.inverting-gradients.tv=0.02"}));
  EXPECT_EQ(left, "grey=auto") << "tv is chosen, so tv_colour is not";
  EXPECT_EQ(adapted("idlg", noise("0.3", {"attack.adapt=off"})), "");
}

TEST(Adaptation, AdaptingTwiceIsAdaptingToTheLastChain) {
  Config config = config_of(noise("0.3", {"attack.method=idlg"}));
  config.assign("defense.gaussian.scale", "1", "test");
  adapt_attacks(&config);
  EXPECT_EQ(config.entries().at("attack.idlg.tv_colour").value, "0.1");
  config.assign("defense.chain", "", "test");
  adapt_attacks(&config);
  EXPECT_EQ(adapted_options(config, "idlg"), "");
  EXPECT_EQ(config.entries().at("attack.idlg.objective").source, kDefault);
}

TEST(Adaptation, EachDefenseHasItsAnswer) {
  const std::string attack = "inverting-gradients";
  EXPECT_EQ(adapted(attack, {"defense.chain=clip"}), "") << "a direction has no length";
  EXPECT_EQ(adapted(attack, {"defense.chain=quantize"}), "");
  const std::string of_zeros = "grey=auto, nonzero=true, tv=0, tv_colour=0.03";
  EXPECT_EQ(adapted(attack, {"defense.chain=prune"}), of_zeros);
  EXPECT_EQ(adapted(attack, {"defense.chain=soteria"}), of_zeros);
  const std::string behind =
      "exclude=precode.encoder.weight,precode.encoder.bias,precode.decoder.weight,"
      "precode.decoder.bias,dense5.weight,dense5.bias";
  EXPECT_EQ(adapted(attack, {"defense.chain=precode", "attack.targets=probes"}),
            "bottleneck=observed, " + behind);
  EXPECT_EQ(adapted(attack, {"defense.chain=precode"}), "bottleneck=mean, " + behind)
      << "an update is of many images";
  EXPECT_EQ(adapted("cpl", {"defense.chain=precode"}).find("bottleneck=mean"), std::string::npos)
      << "it reads single images alone";
  EXPECT_EQ(adapted(attack, {"defense.chain=precode", "attack.probe_batch=2"}),
            "bottleneck=mean, " + behind);
  EXPECT_EQ(adapted(attack, {"defense.chain=ats", "defense.ats.policy=rotate:20,translate-x:0.1"}),
            "decode=register, decode_angle=20, decode_shift=0.1");
  EXPECT_NE(adapted(attack, {"defense.chain=mixup"}).find("labels=joint"), std::string::npos);
  EXPECT_EQ(adapted(attack, {"defense.chain=mixup", "attack.labels=known"}).find("labels"),
            std::string::npos);
}

TEST(Adaptation, AnAttackIsAdaptedWhereItAnswersTheWholeChain) {
  EXPECT_EQ(is_adapted(noise("0.3", {"attack.method=idlg,modern,untrained-prior"})),
            (std::vector<bool>{true, true, true}));
  EXPECT_EQ(is_adapted(noise("0.3", {"attack.method=idlg", "attack.adapt=off"})),
            (std::vector<bool>{false}));
  EXPECT_EQ(is_adapted({"attack.method=inverting-gradients", "defense.chain=clip,prune",
                        "attack.adapt=off"}),
            (std::vector<bool>{false}));
  EXPECT_EQ(is_adapted({"attack.method=inverting-gradients", "defense.chain=clip,prune",
                        "attack.adapt=off", "attack.inverting-gradients.nonzero=true"}),
            (std::vector<bool>{false}));
  EXPECT_EQ(is_adapted({"attack.method=inverting-gradients", "defense.chain=clip,prune",
                        "attack.adapt=off", "attack.inverting-gradients.nonzero=true",
                        "attack.inverting-gradients.tv=0.02"}),
            (std::vector<bool>{true}));
}

// There are options that help, but an attack that fails with them says nothing of the defense.
TEST(Adaptation, NoAttackAnswersMixturesOrSignsAlone) {
  for (const std::string defense :
       {"defense.chain=mixup", "defense.chain=instahide", "defense.chain=clip,quantize"}) {
    Words words = {"attack.method=inverting-gradients", defense};
    if (defense == "defense.chain=clip,quantize") words.push_back("defense.quantize.format=sign");
    EXPECT_NE(adapted("inverting-gradients", {words.begin() + 1, words.end()}), "") << defense;
    EXPECT_EQ(is_adapted(words), (std::vector<bool>{false})) << defense;
    Config rehearsed = config_of(words);
    rehearsed.assign("attack.inverting-gradients.iterations", "30", kRehearsal);
    EXPECT_FALSE(make_settings(rehearsed).attack.methods[0].adapted) << defense;
  }
  EXPECT_EQ(is_adapted({"attack.method=inverting-gradients", "defense.chain=ats",
                        "defense.ats.policy=rotate:20"}),
            (std::vector<bool>{true}));
}

TEST(Adaptation, ByHandCountsWhatIsNearTheNoise) {
  const auto by_hand = [](const std::string& option) {
    return is_adapted(
        noise("1", {"attack.method=inverting-gradients", "attack.inverting-gradients." + option}));
  };
  EXPECT_EQ(by_hand("tv=0.05"), (std::vector<bool>{true}));
  EXPECT_EQ(by_hand("tv=0.01"), (std::vector<bool>{false}));
  EXPECT_EQ(by_hand("noise_scale=0.2"), (std::vector<bool>{true}));
}

TEST(Adaptation, AClosedFormAnswersNoNoise) {
  EXPECT_EQ(is_adapted(noise("0.3", {"model.name=mlp", "attack.method=fc-readout"})),
            (std::vector<bool>{false}));
}

TEST(Adaptation, AWrongConfigurationIsLeftToTheChecks) {
  const Config config =
      config_of({"attack.method=idlg", "defense.chain=clip,clop", "attack.idlg.tv=x"});
  EXPECT_EQ(adapted_options(config, "idlg"), "");
  expect_refused([&] { make_settings(config); }, "attack.idlg.tv");
}

// Every preset must stay a valid attack under every defense.
TEST(Adaptation, EveryAttackFitsEveryDefense) {
  for (const std::string& defense : defenses().names())
    for (const std::string& method : attacks().names()) {
      Words options = {"attack.method=" + method, "defense.chain=" + defense};
      const auto refused = [&](const std::string& adapt) {
        Words all = options;
        all.push_back("attack.adapt=" + adapt);
        return refusal([&] { make_settings(config_of(all)); });
      };
      if (!refused("off").empty()) continue;
      EXPECT_EQ(refused("auto"), "") << method << " under " << defense;
    }
}

}  // namespace
}  // namespace medpfl
