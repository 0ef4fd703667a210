#include "federation/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace medpfl {
namespace {

TEST(Placement, LargestFirstBalances) {
  EXPECT_EQ(place_hospitals({1, 8, 3, 4}, 2, false), (std::vector<int>{1, 0, 1, 1}));
  EXPECT_EQ(place_hospitals({5, 5, 5}, 1, false), (std::vector<int>{0, 0, 0}));
  const std::vector<int64_t> shards = {7, 9, 7, 2, 5, 5, 1, 9, 3, 6};
  EXPECT_EQ(place_hospitals(shards, 3, false), place_hospitals(shards, 3, false));
  std::vector<int64_t> loads(3);
  const auto placement = place_hospitals(shards, 3, false);
  for (size_t i = 0; i < shards.size(); ++i)
    loads.at(static_cast<size_t>(placement[i])) += shards[i];
  EXPECT_EQ(loads, (std::vector<int64_t>{18, 19, 17}));
}

TEST(Placement, ADedicatedServerHostsNone) {
  const auto placement = place_hospitals({3, 3, 3, 3}, 3, true);
  EXPECT_EQ(std::count(placement.begin(), placement.end(), 0), 0);
  EXPECT_EQ(std::count(placement.begin(), placement.end(), 1), 2);
  EXPECT_EQ(place_hospitals({3}, 1, true), (std::vector<int>{0})) << "one rank does everything";
}

TEST(Sampling, CountsRoundUpAndStayDeterministic) {
  EXPECT_EQ(sample_hospitals(10, 1, 1, 0).size(), 10U);
  EXPECT_EQ(sample_hospitals(30, 0.1, 1, 0).size(), 3U);
  EXPECT_EQ(sample_hospitals(10, 0.01, 1, 0).size(), 1U);
  EXPECT_EQ(sample_hospitals(100, 0.2, 1, 4), sample_hospitals(100, 0.2, 1, 4));
  EXPECT_NE(sample_hospitals(100, 0.2, 1, 4), sample_hospitals(100, 0.2, 1, 5));
  const auto drawn = sample_hospitals(100, 0.5, 2, 0);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  EXPECT_EQ(std::adjacent_find(drawn.begin(), drawn.end()), drawn.end());
}

}  // namespace
}  // namespace medpfl
