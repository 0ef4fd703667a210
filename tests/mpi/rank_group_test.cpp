#include "comm/rank_group.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "world.hpp"

namespace medpfl {
namespace {

TEST(RankGroup, CutsNeighboursIntoGroups) {
  const Communicator all = world();
  for (int size = 1; size <= all.size() + 1; ++size) {
    const RankGroup group(all, size);
    EXPECT_EQ(group.count(), std::max(1, all.size() / size));
    EXPECT_EQ(group.number(), std::min(all.rank() / size, group.count() - 1));
    EXPECT_EQ(group.comm().rank(), all.rank() - group.number() * size);
    // Too few for a group of their own: they are with the last one.
    const bool last = group.number() == group.count() - 1;
    EXPECT_EQ(group.comm().size(), last ? all.size() - group.number() * size : size);
  }
}

TEST(RankGroup, GroupsSpeakAmongThemselves) {
  const Communicator all = world();
  const RankGroup group(all, 2);
  const std::string first = group.comm().broadcast(std::to_string(all.rank()));
  EXPECT_EQ(first, std::to_string(group.number() * 2));
}

}  // namespace
}  // namespace medpfl
