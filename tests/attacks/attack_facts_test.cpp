// What an attack says of itself, and whether it does that.
#include <gtest/gtest.h>

#include "attack_runs.hpp"
#include "core/error.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using attack_runs::expect_same;
using attack_runs::make_attack;
using attack_runs::run;
using observations::build;
using observations::noise_images;
using observations::observe;
using observations::phantom_image;

// What confines an attack to one image, and what would not.
std::string single_image(const Attack& attack) {
  const std::optional<SingleImage> one = attack.facts().single_image;
  return one ? one->option + "=" + one->value + ", else " + one->instead : "";
}

TEST(AttackFacts, SaysWhichRuleFindsLabels) {
  EXPECT_EQ(make_attack("dlg", {})->facts().labels, LabelRule::kJoint);
  EXPECT_EQ(make_attack("idlg", {})->facts().labels, LabelRule::kIdlg);
  // With the observed error nothing is left to optimize labels by: they are read.
  EXPECT_EQ(make_attack("dlg", {{"output_error", "observed"}})->facts().labels, LabelRule::kIdlg);
}

TEST(AttackFacts, TheOptionThatConfinesItToOneImageIsNamed) {
  EXPECT_EQ(single_image(*make_attack("dlg", {})), "");
  EXPECT_EQ(single_image(*make_attack("idlg", {})), "labels=idlg, else known or joint");
  EXPECT_EQ(single_image(*make_attack("idlg", {{"output_error", "observed"}})),
            "output_error=observed, else softmax");
}

// Two vectors a curvature pair; Adam has none.
TEST(AttackFacts, HistoryIsWhatTheOptimizerRemembers) {
  EXPECT_EQ(make_attack("dlg", {{"history", "7"}})->facts().history, 14);
  EXPECT_EQ(make_attack("dlg", {{"history", "7"}, {"optimizer", "adam"}})->facts().history, 0);
}

TEST(MatchingAttack, UsesKnownLabelsOnlyWhereItSaysSo) {
  const Model model = build("lenet-dlg", 16, 4);
  Observation seen = observe(model, noise_images(1, 16, 5), {2});
  ASSERT_TRUE(seen.known_labels.empty()) << "an observation carries no truth unless it is told";
  Observation told = seen;
  told.known_labels = {0};
  for (const char* name : {"dlg", "idlg"}) {
    const auto attack = make_attack(name, {{"iterations", "5"}});
    expect_same(run(*attack, model, seen), run(*attack, model, told));
  }
  AttackRequest request;
  request.labels = LabelRule::kKnown;
  const auto attack = make_attack("dlg", {{"iterations", "5"}}, request);
  EXPECT_EQ(attack->facts().labels, LabelRule::kKnown);
  EXPECT_EQ(single_image(*attack), "");
  EXPECT_EQ(run(*attack, model, told).labels, std::vector<int64_t>{0});
}

TEST(MatchingAttack, StartsFromThePublicMeanOnlyWhereItSaysSo) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  Observation seen = observe(model, image, {label});
  EXPECT_FALSE(make_attack("cpl", {})->facts().public_mean);
  const auto attack = make_attack("cpl", {{"init", "surrogate"}, {"iterations", "1"}});
  EXPECT_TRUE(attack->facts().public_mean);
  seen.public_mean = image[0];  // were it the truth itself, nothing would be left to do
  EXPECT_TRUE(run(*attack, model, seen).images.equal(image));
}

TEST(MatchingAttack, OptionsThatDoNotFitTheNetworkAreRefused) {
  const Model model = build("lenet-dlg", 16, 4);
  make_attack("modern", {})->check(model);
  make_attack("modern", {{"exclude", "conv1*"}})->check(model);
  EXPECT_THROW(make_attack("modern", {{"exclude", "nothing*"}})->check(model), ConfigError);
}

TEST(MatchingAttack, ObservedErrorRefusesABatch) {
  const Model model = build("lenet-dlg", 16, 4);
  Observation seen = observe(model, noise_images(2, 16, 5), {1, 3});
  seen.known_labels = {1, 3};
  AttackRequest request;
  request.labels = LabelRule::kKnown;
  try {
    run(*make_attack("dlg", {{"output_error", "observed"}}, request), model, seen);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "output_error=observed holds for one image, but the message of hospital 0 in round 0 "
        "comes from 2");
  }
}

}  // namespace
}  // namespace medpfl
