#include "data/accented_names.hpp"

#include <gtest/gtest.h>

namespace medpfl {
namespace {

const std::string kComposed = "M\xC3\xA9lanome", kDecomposed = "Me\xCC\x81lanome";

TEST(AccentedNames, MarksAreShown) {
  EXPECT_EQ(with_marks_shown(kComposed), kComposed);
  EXPECT_EQ(with_marks_shown(kDecomposed), "Me\\u0301lanome");
  EXPECT_EQ(with_marks_shown("\xCC"), "\xCC");  // no UTF-8
}

TEST(AccentedNames, TwinsAreFound) {
  EXPECT_NE(remark_on_twins({kComposed, "naevus", kDecomposed}), "");
  // Vietnamese letters have two marks, or are in another block.
  EXPECT_NE(remark_on_twins({"\xE1\xBA\xBF", "e\xCC\x82\xCC\x81"}), "");
}

TEST(AccentedNames, OthersAreNone) {
  EXPECT_EQ(remark_on_twins({}), "");
  EXPECT_EQ(remark_on_twins({kDecomposed, "Melanome", "naevus"}), "");
  EXPECT_EQ(remark_on_twins({"\xC3\xA9t\xC3\xA9", "\xC3\xA8t\xC3\xA9"}), "");  // both composed
}

}  // namespace
}  // namespace medpfl
