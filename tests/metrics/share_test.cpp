#include "metrics/share.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <random>

#include "population.hpp"

namespace medpfl {
namespace {

// `successes` of `n` images, each its own cluster.
std::vector<Outcome> independent(int64_t successes, int64_t n) {
  std::vector<Outcome> out;
  for (int64_t i = 0; i < n; ++i) out.push_back({i, i, 0, i < successes});
  return out;
}

TEST(Share, OfIndependentImagesIsThatOfClopperAndPearson) {
  struct Row {
    int64_t successes, n;
    double low, high;
  };
  // statsmodels 0.14, proportion_confint(successes, n, method="beta").
  for (const Row& row :
       {Row{0, 12, 0, 0.264648}, Row{0, 40, 0, 0.088096}, Row{6, 12, 0.210942, 0.789058},
        Row{9, 12, 0.428142, 0.945139}, Row{24, 24, 0.857531, 1}}) {
    const Share s = share_of(independent(row.successes, row.n));
    EXPECT_NEAR(s.low, row.low, 1e-5) << row.successes << " of " << row.n;
    EXPECT_NEAR(s.high, row.high, 1e-5) << row.successes << " of " << row.n;
    EXPECT_DOUBLE_EQ(s.effective, static_cast<double>(row.n));
    EXPECT_TRUE(s.inferred);
  }
}

TEST(Share, ImagesOfOneHospitalAreWorthFewer) {
  std::vector<Outcome> all = independent(0, 40);
  for (Outcome& o : all) o.cluster = o.image / 10;
  const Share s = share_of(all);
  EXPECT_EQ(s.images, 40);
  EXPECT_EQ(s.clusters, 4);
  EXPECT_NEAR(s.effective, 40 / 2.8, 1e-9) << "10 a hospital, correlation 0.2";
  for (Outcome& o : all) o.success = o.cluster < 2;
  EXPECT_LT(share_of(all).effective, 4.1) << "hospitals agree within and differ among them";
}

TEST(Share, TellsARangeOfFewNetworks) {
  std::vector<Outcome> all;
  for (int64_t network = 0; network < 4; ++network)
    for (int64_t i = 0; i < 10; ++i) all.push_back({i, i, network, i < network});
  const Share s = share_of(all);
  EXPECT_FALSE(s.inferred);
  EXPECT_EQ(s.networks, 4);
  EXPECT_DOUBLE_EQ(s.value, 0.15);
  EXPECT_DOUBLE_EQ(s.low, 0);
  EXPECT_DOUBLE_EQ(s.high, 0.3);
}

TEST(Share, AnImageInManyMessagesIsOneImage) {
  std::vector<Outcome> all;
  for (int64_t message = 0; message < 36; ++message)
    all.push_back({message % 12, message, 0, false});
  EXPECT_NEAR(share_of(all).effective, 12, 1e-9);
}

TEST(Share, NothingSeenIsNoShare) {
  const Share s = share_of({});
  EXPECT_TRUE(std::isnan(s.value));
  EXPECT_EQ(s.low, 0);
  EXPECT_EQ(s.high, 1);
}

TEST(Share, AnImageSeenUnderManyNetworksIsOneImage) {
  std::vector<Outcome> all;
  for (int64_t network = 0; network < 5; ++network)
    for (int64_t i = 0; i < 20; ++i) all.push_back({i, i, network, false});
  const Share s = share_of(all);
  EXPECT_EQ(s.images, 20);
  EXPECT_LT(s.effective, 20);
  EXPECT_GT(s.high, share_of(independent(0, 20)).high);
}

std::vector<Outcome> draw(const Population& p, double share, std::mt19937_64* random) {
  Normal normal(random);
  const double middle = normal_quantile(share) * p.deviation();
  const Effects effects(p, &normal);
  std::vector<Outcome> out;
  for (int64_t i = 0; i < p.images(); ++i)
    for (int64_t n = 0; n < p.networks; ++n)
      out.push_back({i, i / p.images_each, n, middle + effects.of(i, n) + normal() > 0});
  return out;
}

// Of intervals of 95 %, at least 93 % hold the share of the population. The table goes to the log,
// and stands in docs/statistics.md.
TEST(Share, IntervalsHoldWhatTheySay) {
  std::mt19937_64 random(7);
  std::cout << "| hospitals x images | networks | effects | share | held | width |\n";
  for (const Population& p : populations())
    for (const double share : {0.02, 0.1, 0.5, 0.8})
      EXPECT_GE(coverage(p, fmt::format("{:g}", share), share,
                         [&] { return share_of(draw(p, share, &random)); }),
                0.93);
}

}  // namespace
}  // namespace medpfl
