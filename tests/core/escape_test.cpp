#include <gtest/gtest.h>

#include "core/text.hpp"

namespace medpfl {
namespace {

TEST(Escape, LeavesTextAsItIs) {
  for (const char* text : {"", "plain\ttext\n", "données", "日本語", "\xF0\x9F\x98\x80", "\\xE9"})
    EXPECT_EQ(escaped(text), text);
}

TEST(Escape, ShowsBytesThatAreNoUtf8) {
  EXPECT_EQ(escaped("donn\xE9"
                    "es"),
            "donn\\xE9es");
  EXPECT_EQ(escaped("\xC3"), "\\xC3");           // ends early
  EXPECT_EQ(escaped("\xC0\xAF"), "\\xC0\\xAF");  // longer than it must be
  EXPECT_EQ(escaped("\xE0\x80\xAF"), "\\xE0\\x80\\xAF");
  EXPECT_EQ(escaped("\xED\xA0\x80"), "\\xED\\xA0\\x80");           // a surrogate
  EXPECT_EQ(escaped("\xF4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(escaped("\xFFü"), "\\xFFü");
}

TEST(Escape, ShowsWhatSteersATerminal) {
  EXPECT_EQ(escaped("\x1B[31mred\x07\r"), "\\x1B[31mred\\x07\\x0D");
  EXPECT_EQ(escaped("\xC2\x9B"
                    "31m\x7F"),
            "\\xC2\\x9B31m\\x7F");
  EXPECT_EQ(escaped(std::string_view("a\0b", 3)), "a\\x00b");
}

}  // namespace
}  // namespace medpfl
