#include "attacks/labels_without_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "../core/refusal.hpp"

namespace medpfl::labels_without_search_test {
namespace {

AttackRequest asking_for(std::optional<LabelRule> labels) {
  AttackRequest request;
  request.labels = labels;
  return request;
}

TEST(LabelsWithoutSearch, TheirWordsAreAllButThatOfLabelsThatAreOptimized) {
  std::vector<std::string> expected = label_rule_names();
  expected.erase(std::find(expected.begin(), expected.end(), "joint"));
  EXPECT_EQ(rules_without_search(), expected);
}

TEST(LabelsWithoutSearch, TheSharedOptionGoesBeforeTheAttacksOwn) {
  EXPECT_EQ(rule_without_search(asking_for(std::nullopt), LabelRule::kCounts, "x"),
            LabelRule::kCounts);
  EXPECT_EQ(rule_without_search(asking_for(LabelRule::kYin), LabelRule::kCounts, "x"),
            LabelRule::kYin);
  EXPECT_EQ(
      refusal([] {
        rule_without_search(asking_for(LabelRule::kJoint), LabelRule::kCounts, "fc-readout");
      }),
      "attack.labels=joint optimizes labels, and fc-readout optimizes nothing; use auto, or set "
      "attack.NAME.labels of the attacks that do");
}

TEST(LabelsWithoutSearch, OneRuleConfinesAnAttackToOneImage) {
  for (const std::string& word : rules_without_search()) {
    const LabelRule rule = words_of(LabelRule()).parse(word);
    const AttackFacts facts = facts_without_search(rule);
    EXPECT_EQ(facts.labels, rule);
    EXPECT_EQ(facts.single_image.has_value(), rule == LabelRule::kIdlg) << word;
  }
  EXPECT_EQ(facts_without_search(LabelRule::kIdlg).single_image->instead, "known or counts");
}

}  // namespace
}  // namespace medpfl::labels_without_search_test
