// Which images two settings of a sweep are compared by, and /differences of a sweep.h5.
#include "results/run/pooled_differences.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "results/run/differences_table.hpp"

namespace medpfl {
namespace {

const AttackKey kDlg = {"probe", "dlg"};

ImageOutcome image(int64_t number, bool found, int64_t network, int64_t probe = 0,
                   int64_t client = 0) {
  return {{"probe", "dlg", 0, client, probe}, {number, client, network, found}};
}

PointOutcomes point(const std::string& setting, int64_t against,
                    const std::vector<ImageOutcome>& images) {
  PointOutcomes out;
  out.setting = setting;
  out.against = against;
  out.control = against >= 0;
  out.attacks[kDlg].images = images;
  return out;
}

TEST(PooledDifferences, PairsTheSameImagesOfTheSameMessages) {
  const std::map<int64_t, PointOutcomes> points = {
      {0, point("", -1, {image(1, true, 0), image(2, true, 0), image(3, true, 0, 1)})},
      {1, point("noise", 0, {image(2, false, 1), image(1, true, 1), image(3, false, 1, 2)})}};
  const auto rows = pool_differences(points);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].setting, "noise");
  EXPECT_EQ(rows[0].against, "");
  EXPECT_EQ(rows[0].method, "dlg");
  EXPECT_TRUE(rows[0].control);
  EXPECT_DOUBLE_EQ(rows[0].difference.value, -0.5);
  EXPECT_EQ(rows[0].difference.images, 2);
  EXPECT_EQ(rows[0].unpaired, 2) << "image 3 was in another probe";
}

TEST(PooledDifferences, AnImageThatStandsTwiceInAMessageHasTwoPartners) {
  const std::map<int64_t, PointOutcomes> points = {
      {0, point("", -1, {image(1, true, 0), image(1, false, 0)})},
      {1, point("noise", 0, {image(1, true, 1), image(1, true, 1), image(1, true, 1)})}};
  const auto rows = pool_differences(points);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_DOUBLE_EQ(rows[0].difference.value, 0.5);
  EXPECT_EQ(rows[0].unpaired, 1);
}

TEST(PooledDifferences, PoolsNetworksAndCountsThoseOfOneSettingAlone) {
  const std::map<int64_t, PointOutcomes> points = {
      {0, point("", -1, {image(1, true, 0)})},       {1, point("", -1, {image(1, false, 1)})},
      {2, point("noise", 0, {image(1, false, 2)})},  {3, point("noise", 1, {image(1, false, 3)})},
      {4, point("noise", -1, {image(1, false, 4)})}, {5, point("noise", 9, {image(1, false, 5)})}};
  const auto rows = pool_differences(points);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].difference.networks, 2);
  EXPECT_EQ(rows[0].difference.images, 1);
  EXPECT_FALSE(rows[0].difference.inferred);
  EXPECT_DOUBLE_EQ(rows[0].difference.low, -1);
  EXPECT_DOUBLE_EQ(rows[0].difference.high, 0);
  EXPECT_EQ(rows[0].unpaired, 2) << "one without another point, one whose other is not complete";
}

TEST(PooledDifferences, AnotherAttackIsNoPartner) {
  PointOutcomes other = point("other", 0, {});
  other.attacks.clear();
  other.attacks[{"probe", "cpl"}].images = {image(1, true, 1)};
  EXPECT_TRUE(pool_differences({{0, point("", -1, {image(1, true, 0)})}, {1, other}}).empty());
}

TEST(DifferencesTable, ReadsWhatItWroteAndShowsIt) {
  EXPECT_EQ(describe_differences({}), "");
  PooledDifference row;
  row.setting = "defense.chain=clip";
  row.method = "dlg";
  row.kind = "probe";
  row.control = true;
  row.difference = {-0.25, -0.5, 0.125, false, 3.5, 12, 4, 3};
  row.unpaired = 2;
  const std::string path = testing::TempDir() + "differences_" + std::to_string(getpid()) + ".h5";
  {
    h5::File file = h5::File::create(path);
    write_differences(&file, {row});
    file.close();
  }
  const auto read = read_differences(h5::File::open(path));
  std::filesystem::remove(path);
  ASSERT_EQ(read.size(), 1U);
  const PooledDifference& d = read[0];
  EXPECT_EQ(d.setting + d.against + d.method + d.kind, "defense.chain=clipdlgprobe");
  EXPECT_TRUE(d.control);
  EXPECT_FALSE(d.difference.inferred);
  EXPECT_EQ(d.difference.value, -0.25);
  EXPECT_EQ(d.difference.low, -0.5);
  EXPECT_EQ(d.difference.high, 0.125);
  EXPECT_EQ(d.difference.effective, 3.5);
  EXPECT_EQ(d.difference.images, 12);
  EXPECT_EQ(d.difference.clusters, 4);
  EXPECT_EQ(d.difference.networks, 3);
  EXPECT_EQ(d.unpaired, 2);
  const std::string text = describe_differences(read);
  EXPECT_NE(text.find("-25   -50 to +12 range  defense.chain=clip, against the base configuration "
                      "(defense off)\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace medpfl
