#include "core/backoff.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace medpfl {
namespace {

TEST(Backoff, PausesGrowToTenMinutes) {
  Backoff backoff;
  std::vector<int> due;
  for (int second = 0; second < 3000; ++second)
    if (backoff.due(second)) due.push_back(second);
  EXPECT_EQ(due, (std::vector<int>{1, 3, 8, 18, 48, 108, 228, 528, 1128, 1728, 2328, 2928}));
}

TEST(Backoff, AJobThatIsAskedSeldomHasOneLineEachTime) {
  Backoff backoff;
  EXPECT_TRUE(backoff.due(100));
  EXPECT_FALSE(backoff.due(101));
  EXPECT_TRUE(backoff.due(102));
}

}  // namespace
}  // namespace medpfl
