// The words of the column `knowledge`, and what is doubted before and after an attack.
#include "campaign/knowledge.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../attacks/observations.hpp"
#include "campaign/attack_warnings.hpp"

namespace medpfl {
namespace {

using observations::build;

// Three local steps of at most 2 of 5 images.
Observation update_of_three_steps() {
  Observation seen;
  seen.batch = 5;
  seen.steps = 3;
  seen.local_batch = 2;
  return seen;
}

std::string told(const AttackFacts& facts, const Model& model = build("lenet-dlg", 16, 4)) {
  return what_was_known(facts, update_of_three_steps(), model, FlatParameters(model.layout()),
                        "single messages");
}

std::vector<std::string> topics(const std::vector<AttackWarning>& warnings) {
  std::vector<std::string> out;
  for (const AttackWarning& one : warnings) out.push_back(one.topic);
  return out;
}

TEST(Knowledge, OfAnAttackThatTakesTheProtocolAsItIs) {
  EXPECT_EQ(told({}),
            "labels: known; batch 5; 3 local steps; update: gradient; learning rate known; "
            "single messages");
}

TEST(Knowledge, ASimulationOfLocalStepsTellsTheirImages) {
  AttackFacts facts;
  facts.update = UpdateRule::kUnroll;
  EXPECT_NE(told(facts).find("; 3 local steps of 2 images; update: unroll;"), std::string::npos);
  facts.guess.batch = 9;
  EXPECT_NE(told(facts).find("3 local steps of 5 images (guessed)"), std::string::npos)
      << "no step has more images than the update";
}

TEST(Knowledge, GuessesAreMarked) {
  AttackFacts facts;
  facts.guess = {1, 0, 0.25};
  EXPECT_NE(told(facts).find("; 1 local step (guessed); update: gradient; learning rate 0.25 "
                             "(guessed); single"),
            std::string::npos);
}

TEST(Knowledge, WhatAnAttackBringsAlongIsTold) {
  AttackFacts facts;
  facts.public_mean = true;
  facts.decoding = "unmix, weight 0.5";
  facts.assumptions = "nonzero";
  facts.batch_statistics = StatisticsSource::kUpdate;
  EXPECT_NE(told(facts).find("learning rate known; mean public image; decoded by unmix, weight "
                             "0.5; assumes nonzero; the update's batch statistics; single"),
            std::string::npos);
}

TEST(Knowledge, StatisticsThatTrainingNeverTouchedAreLeftOut) {
  AttackFacts facts;
  facts.batch_statistics = StatisticsSource::kRunning;
  const Model model = build("resnet20", 16, 4, "auto", {{"width", "2"}});
  FlatParameters weights = initial_weights(model, {}, 1);
  EXPECT_TRUE(lacks_statistics(facts, model, weights));
  EXPECT_EQ(topics(warnings_before("modern", facts, model, 0, weights)),
            std::vector<std::string>{"statistics"});
  for (const Layer& layer : model.layers())
    if (layer.mean >= 0) weights.view(layer.mean).fill_(0.5);
  EXPECT_FALSE(lacks_statistics(facts, model, weights));
  EXPECT_TRUE(warnings_before("modern", facts, model, 0, weights).empty());
}

TEST(Knowledge, LabelsAreDoubtedWhereFeaturesHaveBothSigns) {
  AttackFacts facts;
  facts.labels = LabelRule::kYin;
  const Model tanh = build("lenet-dlg", 16, 4, "tanh"), sigmoid = build("lenet-dlg", 16, 4);
  EXPECT_EQ(told(facts, tanh).find("labels: yin (unsure: features have both signs);"), 0U);
  EXPECT_EQ(told(facts, sigmoid).find("labels: yin;"), 0U);
  const FlatParameters weights(tanh.layout());
  EXPECT_EQ(topics(warnings_before("modern", facts, tanh, 0, weights)),
            std::vector<std::string>{"labels of modern"});
  EXPECT_TRUE(warnings_before("modern", facts, sigmoid, 0, weights).empty());
}

TEST(Warnings, AnAttackThatReturnsItsStartIsNamed) {
  const std::vector<AttackWarning> flat = warnings_after("dlg", 7, "flat");
  EXPECT_EQ(topics(flat), std::vector<std::string>{"flat dlg"});
  EXPECT_NE(flat[0].text.find("in round 7"), std::string::npos);
  EXPECT_EQ(topics(warnings_after("dlg", 7, "unimproved")),
            std::vector<std::string>{"unimproved dlg"});
  EXPECT_TRUE(warnings_after("dlg", 7, "finished").empty());
}

}  // namespace
}  // namespace medpfl
