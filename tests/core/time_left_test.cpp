#include "core/time_left.hpp"

#include <gtest/gtest.h>

namespace medpfl {
namespace {

TEST(TimeLeft, FallsAndStaysAndNeverRises) {
  TimeLeft left("at most");
  EXPECT_EQ(left.show(249.2), "at most 4:10 left");
  EXPECT_EQ(left.show(125), "at most 2:05 left");
  EXPECT_EQ(left.show(125.5), "at most 2:05 left") << "the same but for noise";
  EXPECT_EQ(left.show(600), "2:05 left or more");
  EXPECT_EQ(left.show(60), "at most 1:00 left");
  EXPECT_EQ(left.show(0.1), "at most 0:01 left");
}

}  // namespace
}  // namespace medpfl
