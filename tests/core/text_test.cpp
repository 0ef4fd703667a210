#include "core/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/error.hpp"

namespace medpfl::text_test {
namespace {

using Words = std::vector<std::string>;

TEST(Text, SplitTrimsAndDropsEmptyParts) {
  EXPECT_EQ(split_list("clip,gaussian"), (Words{"clip", "gaussian"}));
  EXPECT_EQ(split_list("  a b ,, c\t,"), (Words{"a b", "c"}));
  EXPECT_EQ(split_list("a;b,c", ';'), (Words{"a", "b,c"}));
  EXPECT_TRUE(split_list("").empty());
  EXPECT_TRUE(split_list(" , ,").empty());
}

TEST(Text, TrimKeepsInnerBlanks) {
  EXPECT_EQ(trim(" \t a  b\r\n"), "a  b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, JoinPutsSeparatorsBetween) {
  EXPECT_EQ(join({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(join({"a", "", "c"}, "\n"), "a\n\nc");
  EXPECT_EQ(join({"a"}), "a");
  EXPECT_EQ(join({}), "");
}

TEST(Text, NearestForgivesTypingErrors) {
  const Words known = {"rounds", "clients", "sampling"};
  EXPECT_EQ(nearest("rouns", known), "rounds");       // one letter missing
  EXPECT_EQ(nearest("roundss", known), "rounds");     // one too many
  EXPECT_EQ(nearest("clionts", known), "clients");    // one wrong
  EXPECT_EQ(nearest("samplign", known), "sampling");  // two swapped
  EXPECT_EQ(nearest("clients", known), "clients");
}

TEST(Text, NearestAcceptsAThirdAndNoMore) {
  EXPECT_EQ(nearest("abcxyz", {"abcdef"}), "");        // three of six
  EXPECT_EQ(nearest("abcdyz", {"abcdef"}), "abcdef");  // two of six
  EXPECT_EQ(nearest("ab", {"abc"}), "abc");            // one of three
  EXPECT_EQ(nearest("a", {"ab"}), "");                 // one of two
  EXPECT_EQ(nearest("rounds", {}), "");
  EXPECT_EQ(nearest("idgl", {"dlg", "idlg"}), "idlg");  // a swap counts once
  EXPECT_EQ(nearest("hlep", {"help"}), "help");
  EXPECT_EQ(nearest("ehlp", {"lhep"}), "");  // two swaps
}

TEST(Text, NearestPrefersTheLeastDistanceThenTheFirst) {
  EXPECT_EQ(nearest("gaussan", {"gaussian-x", "gaussian"}), "gaussian");
  EXPECT_EQ(nearest("abcd", {"abcx", "abcy"}), "abcx");
}

TEST(Text, LowerIsAscii) { EXPECT_EQ(lower("TRUE-1z"), "true-1z"); }

TEST(Text, UtcTimeIsIso8601) {
  EXPECT_EQ(utc_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_time(951782400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(utc_time(2147483648LL), "2038-01-19T03:14:08Z");
}

TEST(Text, ShortestIsShort) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(1), "1");
  EXPECT_EQ(shortest(-2.5), "-2.5");
  EXPECT_EQ(shortest(1e-5), "1e-05");
  EXPECT_EQ(shortest(0), "0");
}

TEST(Text, ShortestReadsBackTheSame) {
  const double values[] = {1.0 / 3,
                           0.1 + 0.2,
                           std::acos(-1.0),
                           -std::numeric_limits<double>::max(),
                           std::numeric_limits<double>::min(),
                           std::numeric_limits<double>::denorm_min(),
                           9007199254740993.0};
  for (const double value : values) {
    const std::string text = shortest(value);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
  }
}

TEST(Text, SharesAndCountsInWords) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(percent(0.58), "58%");
  EXPECT_EQ(percent(0.007), "0.7%");
  EXPECT_EQ(percent(none), "-");
  EXPECT_EQ(percent_range(0.53, 0.9), "53 to 90%");
  EXPECT_EQ(percent_range(0, 0.004), "0 to 0%");
  EXPECT_EQ(percent_range(none, 0.9), "-");
  EXPECT_EQ(percent_range(0.5, none), "-");
  EXPECT_EQ(counted(1, "rank"), "1 rank");
  EXPECT_EQ(counted(0, "rank"), "0 ranks");
  EXPECT_EQ(counted(2, "local step"), "2 local steps");
}

TEST(Text, RangesOfNumbers) {
  EXPECT_EQ(format_ranges({}), "");
  EXPECT_EQ(format_ranges({7}), "7");
  EXPECT_EQ(format_ranges({0, 1, 2, 3, 8}), "0-3,8");
  EXPECT_EQ(format_ranges({0, 2, 4, 5}), "0,2,4-5");
  EXPECT_EQ(format_ranges({1, 2, 10, 11, 12}), "1-2,10-12");
}

TEST(Duration, AsSlurmWritesIt) {
  const std::vector<std::pair<std::string, double>> cases = {
      {"90", 5400},    {"01:30", 90},      {"02:00:05", 7205},
      {"1-00", 86400}, {"1-02:03", 93780}, {"0-00:00:01", 1},
  };
  for (const auto& [text, seconds] : cases) EXPECT_EQ(parse_duration(text, "--t"), seconds) << text;
}

TEST(Duration, RefusesWhatIsNone) {
  for (const std::string text :
       {"", "0", "x", "1:", ":1", "-1", "1:2:3:4", "1:2-3", "1.5", "00:00"})
    EXPECT_THROW(parse_duration(text, "--t"), ConfigError) << text;
}

}  // namespace
}  // namespace medpfl::text_test
