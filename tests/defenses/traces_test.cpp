// What each defense says it leaves to an attacker who knows it.
#include "defenses/traces.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "defenses/defense_chain.hpp"
#include "updates.hpp"

namespace medpfl {
namespace {

using Options = std::map<std::string, std::string>;

Traces traces_of(const std::vector<std::pair<std::string, Options>>& chain) {
  DefenseChain defenses;
  for (const auto& [name, options] : chain) defenses.append(testing::make_defense(name, options));
  return defenses.traces();
}

TEST(Traces, ADefenseThatHidesNothingLeavesNone) {
  const Traces traces = traces_of({{"quantize", {}}});
  EXPECT_FALSE(traces.rescaled || traces.inexact() || traces.zeros || traces.random_layer);
  EXPECT_EQ(traces.images, ChangedImages::kNone);
}

TEST(Traces, NoiseIsToldByItsDeviationOrByItsShareOfTheMessage) {
  const Traces absolute = traces_of({{"laplace", {{"scale", "0.5"}}}});
  EXPECT_TRUE(absolute.noisy);
  EXPECT_DOUBLE_EQ(absolute.deviation, std::sqrt(2.0) * 0.5);
  EXPECT_EQ(absolute.noise_ratio(100), 0) << "nothing is known of the norm of the gradient";
  const Traces relative = traces_of({{"gaussian", {{"scale", "0.3"}, {"relative", "norm"}}}});
  EXPECT_EQ(relative.deviation, 0);
  EXPECT_DOUBLE_EQ(relative.noise_ratio(100), 0.3);
  EXPECT_DOUBLE_EQ(relative.noise_ratio(10000), 0.3);
}

TEST(Traces, ABoundInFrontOfTheNoiseTellsItsShare) {
  const Options one = {{"bound", "1"}}, tenth = {{"scale", "0.1"}};
  EXPECT_DOUBLE_EQ(traces_of({{"clip", one}, {"gaussian", tenth}}).noise_ratio(400), 2);
  EXPECT_EQ(traces_of({{"gaussian", tenth}, {"clip", one}}).noise_ratio(400), 0);
  EXPECT_DOUBLE_EQ(traces_of({{"fed-sdp", {{"bound", "2"}, {"sigma", "0.1"}}}}).noise_ratio(400),
                   2);
  EXPECT_DOUBLE_EQ(traces_of({{"dp-sgd", {{"bound", "4"}, {"sigma", "0.1"}}}}).noise_ratio(400), 2);
}

TEST(Traces, OfOwnBudgetsTheGreatestCounts) {
  const auto ratio = [](const std::string& epsilon) {
    return traces_of({{"personalized-ldp", {{"epsilon", epsilon}}}}).noise_ratio(100);
  };
  EXPECT_DOUBLE_EQ(ratio("0.1..1"), ratio("1"));
  EXPECT_DOUBLE_EQ(ratio("0.5,0.25"), ratio("0.5"));
  EXPECT_DOUBLE_EQ(ratio("0.5"), 2 * ratio("1"));
}

TEST(Traces, ZerosAreThereUntilNoiseIsAdded) {
  const Options noise = {{"scale", "0.1"}};
  EXPECT_TRUE(traces_of({{"prune", {}}}).zeros);
  EXPECT_FALSE(traces_of({{"prune", {{"ratio", "0"}}}}).zeros);
  EXPECT_TRUE(traces_of({{"gaussian", noise}, {"prune", {}}}).zeros);
  EXPECT_FALSE(traces_of({{"prune", {}}, {"gaussian", noise}}).zeros);
  EXPECT_TRUE(traces_of({{"prune", {}}, {"quantize", {{"format", "sign"}}}}).zeros);
  EXPECT_TRUE(traces_of({{"soteria", {}}}).zeros);
}

TEST(Traces, SignsAloneAreNoLengthAndNoExactValue) {
  const Traces traces = traces_of({{"quantize", {{"format", "sign"}}}});
  EXPECT_TRUE(traces.rescaled);
  EXPECT_TRUE(traces.inexact());
  EXPECT_FALSE(traces.noisy);
}

TEST(Traces, OfMixturesTheWeightOfTheOwnImageIsKnown) {
  const Traces mixup = traces_of({{"mixup", {{"images", "2"}, {"largest", "1"}}}});
  EXPECT_EQ(mixup.images, ChangedImages::kMixed);
  EXPECT_NEAR(mixup.own_weight, 0.75, 0.01) << "the greater part of a stick broken at random";
  EXPECT_EQ(traces_of({{"instahide", {}}}).images, ChangedImages::kMirrored);
}

TEST(Traces, OfAPolicyTheMovesAreKnown) {
  const Traces moved = traces_of(
      {{"ats", {{"policy", "rotate:30,translate-x:0.2,contrast:0.5,translate-y:0.1,rotate:15"}}}});
  EXPECT_EQ(moved.images, ChangedImages::kMoved);
  EXPECT_DOUBLE_EQ(moved.shift, 0.2);
  EXPECT_DOUBLE_EQ(moved.angle, 45);
  EXPECT_EQ(traces_of({{"ats", {{"policy", "contrast:0.5"}}}}).images, ChangedImages::kNone);
  EXPECT_EQ(traces_of({{"ats", {{"policy", "rotate:9,invert"}}}}).images, ChangedImages::kOther);
}

TEST(Traces, WhatNoAttackHasAMeasureAgainstIsNamed) {
  const Options sign = {{"format", "sign"}}, scale = {{"scale", "0.1"}};
  EXPECT_EQ(unanswered(traces_of({{"mixup", {}}, {"clip", {}}})), "mixtures of images");
  EXPECT_EQ(unanswered(traces_of({{"instahide", {}}})), "mixtures of images");
  EXPECT_EQ(unanswered(traces_of({{"quantize", sign}, {"gaussian", scale}})), "signs alone");
  EXPECT_EQ(unanswered(traces_of({{"ats", {{"policy", "invert"}}}})),
            "images changed in a way that no attack undoes");
  EXPECT_EQ(unanswered(traces_of({{"clip", {}}, {"gaussian", scale}, {"prune", {}}})), "");
  EXPECT_EQ(unanswered(traces_of({{"ats", {{"policy", "rotate:9"}}}, {"precode", {}}})), "");
}

TEST(Traces, ANetworkWithNoiseOfItsOwnSaysSo) {
  EXPECT_TRUE(traces_of({{"precode", {}}}).random_layer);
}

}  // namespace
}  // namespace medpfl
