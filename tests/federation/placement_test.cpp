#include "federation/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random.hpp"

namespace medpfl {
namespace {

TEST(Placement, LargestFirstBalances) {
  EXPECT_EQ(place_clients({1, 8, 3, 4}, 2, false), (std::vector<int>{1, 0, 1, 1}));
  EXPECT_EQ(place_clients({5, 5, 5}, 1, false), (std::vector<int>{0, 0, 0}));
  const std::vector<int64_t> shards = {7, 9, 7, 2, 5, 5, 1, 9, 3, 6};
  EXPECT_EQ(place_clients(shards, 3, false), place_clients(shards, 3, false));
  std::vector<int64_t> loads(3);
  const auto placement = place_clients(shards, 3, false);
  for (size_t i = 0; i < shards.size(); ++i)
    loads.at(static_cast<size_t>(placement[i])) += shards[i];
  EXPECT_EQ(loads, (std::vector<int64_t>{18, 19, 17}));
}

// Shards as uneven as a Dirichlet partition makes them: a few large ones, many of a handful of
// images.
TEST(Placement, UnevenShardsEndInEvenLoads) {
  RandomStream random({1, Purpose::kBenchmark, 0, 0, 0});
  std::vector<int64_t> shards(500);
  for (int64_t& s : shards) s = 1 + static_cast<int64_t>(std::exp(3 + 1.5 * random.normal()));
  const auto unevenness = [&](int ranks, const std::vector<int>& placement) {
    std::vector<int64_t> loads(static_cast<size_t>(ranks), 0);
    for (size_t i = 0; i < shards.size(); ++i)
      loads.at(static_cast<size_t>(placement[i])) += shards[i];
    const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
    return *most - *least;
  };
  for (const int ranks : {2, 3, 7}) {
    std::vector<int> in_turn(shards.size());
    for (size_t i = 0; i < shards.size(); ++i)
      in_turn[i] = static_cast<int>(i % static_cast<size_t>(ranks));
    EXPECT_LE(unevenness(ranks, place_clients(shards, ranks, false)), 2) << ranks;
    EXPECT_GT(unevenness(ranks, in_turn), 100) << ranks;
  }
}

TEST(Placement, ADedicatedServerHostsNone) {
  const auto placement = place_clients({3, 3, 3, 3}, 3, true);
  EXPECT_EQ(std::count(placement.begin(), placement.end(), 0), 0);
  EXPECT_EQ(std::count(placement.begin(), placement.end(), 1), 2);
  EXPECT_EQ(place_clients({3}, 1, true), (std::vector<int>{0})) << "one rank does everything";
}

TEST(Sampling, CountsRoundUpAndStayDeterministic) {
  EXPECT_EQ(sample_clients(10, 1, 1, 0).size(), 10U);
  EXPECT_EQ(sample_clients(30, 0.1, 1, 0).size(), 3U);
  EXPECT_EQ(sample_clients(10, 0.01, 1, 0).size(), 1U);
  EXPECT_EQ(sample_clients(100, 0.2, 1, 4), sample_clients(100, 0.2, 1, 4));
  EXPECT_NE(sample_clients(100, 0.2, 1, 4), sample_clients(100, 0.2, 1, 5));
  const auto drawn = sample_clients(100, 0.5, 2, 0);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  EXPECT_EQ(std::adjacent_find(drawn.begin(), drawn.end()), drawn.end());
}

}  // namespace
}  // namespace medpfl
