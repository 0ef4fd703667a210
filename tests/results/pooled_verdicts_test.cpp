// What may be said of a setting of a sweep that has the same setting with the defense off.
#include "results/run/pooled_verdicts.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace medpfl {
namespace {

constexpr int64_t kImages = 60;

// A point at which idlg identifies `found` of 60 images, each of a hospital of its own.
PointOutcomes point(const std::string& setting, int64_t found, int64_t network) {
  PointOutcomes out;
  out.setting = setting;
  out.answering = {{"idlg"}};
  out.messages = setting.empty() ? 0 : 1;
  AttackOutcomes& attack = out.attacks[{"probe", "idlg"}];
  for (int64_t i = 0; i < kImages; ++i)
    attack.images.push_back({{"probe", "idlg", 0, i, 0}, {i, i, network, i < found}});
  attack.chance = kImages / 150.0;
  return out;
}

PointOutcomes noise(int64_t found, int64_t network, int64_t against) {
  PointOutcomes out = point("noise", found, network);
  out.defended = true;
  out.against = against;
  out.control = against >= 0;
  return out;
}

PooledShare last_of(const std::map<int64_t, PointOutcomes>& points) {
  return pool_networks(points).back();
}

TEST(PooledVerdicts, ADefenseProtectsAgainstAnAttackThatWorksWithItOff) {
  const PooledShare p = last_of({{0, point("", 50, 0)}, {1, noise(0, 1, 0)}});
  EXPECT_EQ(p.verdict, "protects") << p.verdict_reason;
  EXPECT_DOUBLE_EQ(p.undefended, 50.0 / 60);
  EXPECT_DOUBLE_EQ(p.chance, 1.0 / 150);
  EXPECT_EQ(p.attacks, 1);
  EXPECT_EQ(last_of({{0, point("", 20, 0)}, {1, noise(0, 1, 0)}}).verdict, "inconclusive");
}

TEST(PooledVerdicts, WithoutItsControlNothingProtects) {
  for (const PointOutcomes& alone : {noise(0, 1, -1), noise(0, 1, 7)}) {
    const PooledShare p = last_of({{0, point("", 50, 0)}, {1, alone}});
    EXPECT_EQ(p.verdict, "inconclusive");
    EXPECT_TRUE(std::isnan(p.undefended));
  }
  PointOutcomes compared = noise(0, 1, 0);
  compared.control = false;
  EXPECT_EQ(last_of({{0, point("", 50, 0)}, {1, compared}}).verdict, "inconclusive");
}

TEST(PooledVerdicts, EachNetworkNeedsItsControl) {
  std::map<int64_t, PointOutcomes> points;
  for (int64_t n = 0; n < 6; ++n) {
    points[n] = point("", 50, n);
    points[10 + n] = noise(0, 10 + n, n);
  }
  EXPECT_EQ(last_of(points).verdict, "protects") << last_of(points).verdict_reason;
  points.erase(5);
  EXPECT_EQ(last_of(points).verdict, "inconclusive");
  points.erase(15);
  EXPECT_EQ(last_of(points).verdict, "protects") << "of five networks";
  points.erase(14);
  EXPECT_EQ(last_of(points).verdict, "inconclusive") << "of four";
}

TEST(PooledVerdicts, AnAttackThatDoesNotAnswerTestsNothing) {
  PointOutcomes deaf = noise(0, 1, 0);
  deaf.answering = {{"modern"}};
  EXPECT_EQ(last_of({{0, point("", 50, 0)}, {1, deaf}}).verdict, "not tested");
}

TEST(PooledVerdicts, TheBestOfManyAttacksNeedsMoreEvidence) {
  std::map<int64_t, PointOutcomes> points = {{0, noise(3, 0, -1)}};
  EXPECT_EQ(last_of(points).verdict, "leaks") << "3 of 60, chance is 1 of 150";
  for (int64_t i = 1; i < 20; ++i) {
    points[i] = noise(0, i, -1);
    points[i].setting += std::to_string(i);
  }
  const PooledShare best = pool_networks(points).front();
  EXPECT_EQ(best.attacks, 20);
  EXPECT_EQ(best.verdict, "inconclusive");
  EXPECT_NE(best.verdict_reason.find("allow for 20 attacks on the same messages"),
            std::string::npos);
  EXPECT_GT(best.share.low, best.chance) << "the interval shown is of this attack alone";
  for (auto& [number, other] : points) other.messages = number;
  EXPECT_EQ(pool_networks(points).front().verdict, "leaks") << "attacks on other messages";
}

TEST(PooledVerdicts, NothingProtectsWhatAnotherAttackReads) {
  std::map<int64_t, PointOutcomes> points = {
      {0, point("", 50, 0)}, {1, noise(0, 1, 0)}, {2, noise(30, 2, -1)}};
  points[2].setting = "noise, stronger";
  const std::vector<PooledShare> shares = pool_networks(points);
  EXPECT_EQ(shares[1].verdict, "inconclusive");
  EXPECT_EQ(shares[1].verdict_reason, "idlg at noise, stronger reads the same messages");
  EXPECT_EQ(shares[2].verdict, "leaks");
}

TEST(PooledVerdicts, AnOlderIndexDoesNotSayWhatIsAnswered) {
  PointOutcomes old = noise(50, 1, -1);
  old.answering.reset();
  EXPECT_EQ(last_of({{0, old}}).verdict, "");
}

}  // namespace
}  // namespace medpfl
