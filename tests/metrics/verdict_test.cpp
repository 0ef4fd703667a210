#include "metrics/verdict.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace medpfl {
namespace {

// `successes` of `n` independent images under one network, with a defense that the attack answers
// and that lets it identify 90 % where it is off. Chance is 1 in 150.
Evidence seen(int64_t successes, int64_t n) {
  std::vector<Outcome> outcomes;
  for (int64_t i = 0; i < n; ++i) outcomes.push_back({i, i, 0, i < successes});
  Evidence e;
  e.identified = share_of(outcomes);
  e.chance = 1.0 / 150;
  e.defended = true;
  e.undefended = 0.9;
  return e;
}

TEST(Verdict, ProtectsOnlyWhereTheUpperLimitIsNearChance) {
  // Clopper and Pearson: 0 of 40 is up to 8.8 %, 0 of 24 up to 14.2 %.
  EXPECT_EQ(judge(seen(0, 40)).finding, Finding::kProtects);
  EXPECT_EQ(judge(seen(0, 24)).finding, Finding::kInconclusive);
  EXPECT_EQ(judge(seen(0, 12)).finding, Finding::kInconclusive);
}

TEST(Verdict, NothingProtectsWithoutAnAttackThatWorksWithoutTheDefense) {
  Evidence e = seen(0, 40);
  e.undefended = {};
  EXPECT_EQ(judge(e).finding, Finding::kInconclusive);
  e.undefended = 0.49;
  EXPECT_EQ(judge(e).finding, Finding::kInconclusive);
  EXPECT_NE(judge(e).reason.find("too weak"), std::string::npos);
  e.undefended = 0.5;
  EXPECT_EQ(judge(e).finding, Finding::kProtects);
}

TEST(Verdict, ADefenseThatNoAttackAnswersIsNotTested) {
  Evidence e = seen(0, 200);
  e.adapted = false;
  EXPECT_EQ(judge(e).finding, Finding::kNotTested);
  // What leaks to an attack that knows nothing of the defense leaks.
  Evidence leaks = seen(30, 40);
  leaks.adapted = false;
  EXPECT_EQ(judge(leaks).finding, Finding::kLeaks);
}

TEST(Verdict, MessagesWithoutADefenseLeakOrNothingIsKnown) {
  Evidence e = seen(0, 1000);
  e.defended = false;
  EXPECT_EQ(judge(e).finding, Finding::kInconclusive);
  e = seen(19, 24);
  e.defended = false;
  EXPECT_EQ(judge(e).finding, Finding::kLeaks);
  // 1 of 24 is what chance gives among 24.
  e = seen(1, 24);
  e.defended = false;
  e.chance = 1.0 / 24;
  EXPECT_EQ(judge(e).finding, Finding::kInconclusive);
}

TEST(Verdict, AFewNetworksProtectNobody) {
  std::vector<Outcome> outcomes;
  for (int64_t i = 0; i < 300; ++i) outcomes.push_back({i, i, i % 3, false});
  Evidence e = seen(0, 40);
  e.identified = share_of(outcomes);
  EXPECT_EQ(judge(e).finding, Finding::kInconclusive);
}

TEST(Verdict, WithoutImagesThereIsNone) {
  Evidence e = seen(0, 40);
  e.identified = share_of({});
  EXPECT_EQ(judge(e).finding, Finding::kNotTested);
  e = seen(0, 40);
  e.chance = std::nan("");
  EXPECT_EQ(judge(e).finding, Finding::kNotTested);
}

// The reasons of the verdicts on the messages, in their order.
std::string reasons(const std::vector<AttackVerdict>& attacks) {
  std::string made;
  for (const Verdict& one : strongest(attacks)) made += one.reason;
  return made;
}

TEST(Verdict, TheStrongestAttackCounts) {
  const Verdict leaks{Finding::kLeaks, "a"}, protects{Finding::kProtects, "b"},
      inconclusive{Finding::kInconclusive, "c"}, open{Finding::kNotTested, "d"};
  const double none = std::nan("");
  EXPECT_EQ(
      reasons({{"m", none, open}, {"m", 0, inconclusive}, {"m", 0, protects}, {"m", 0, leaks}}),
      "a");
  EXPECT_EQ(reasons({{"m", none, open}, {"m", 0, inconclusive}, {"m", 0, protects}}), "b");
  EXPECT_EQ(reasons({{"m", none, open}, {"m", 0, inconclusive}}), "c");
  EXPECT_EQ(reasons({}), "");
}

TEST(Verdict, OfAttacksThatLeakTheStrongestSpeaksAndItsMessagesComeFirst) {
  const auto leak = [](const std::string& reason) { return Verdict{Finding::kLeaks, reason}; };
  EXPECT_EQ(reasons({{"p", 0.1, leak("1")}, {"p", 0.6, leak("2")}, {"p", 0.6, leak("3")}}), "2");
  EXPECT_EQ(reasons({{"p", 0.1, leak("1")}, {"u", 0.6, leak("2")}, {"p", 0.4, leak("3")}}), "23");
}

TEST(Verdict, AllMessagesMustProtect) {
  const Verdict leaks{Finding::kLeaks, "a"}, protects{Finding::kProtects, "b"},
      inconclusive{Finding::kInconclusive, "c"}, open{Finding::kNotTested, "d"};
  EXPECT_EQ(together({protects, open, leaks}).reason, "a");
  EXPECT_EQ(together({protects, inconclusive, open}).reason, "d");
  EXPECT_EQ(together({protects, inconclusive}).reason, "c");
  EXPECT_EQ(together({protects, protects}).reason, "b");
  EXPECT_EQ(together({}).finding, Finding::kNotTested);
}

}  // namespace
}  // namespace medpfl
