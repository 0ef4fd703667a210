#include "config/ini.hpp"

#include <gtest/gtest.h>

#include "config/quotes.hpp"

namespace medpfl {
namespace {

// "section.key=value@line ...", quotes left out, and behind a blank line what is wrong.
std::string told(const std::string& text) {
  Violations wrong;
  std::string out;
  for (const IniSection& section : read_ini(text, "a.ini", &wrong)) {
    out += "[" + section.name + "@" + std::to_string(section.line) + "]";
    for (const IniOption& option : section.options)
      out += " " + option.key + "=" + show_quoted(option.value) + "@" + std::to_string(option.line);
    out += "\n";
  }
  try {
    wrong.throw_if_any();
  } catch (const ConfigError& error) {
    out += "\n" + std::string(error.what());
  }
  return out;
}

TEST(Ini, SectionsAndOptionsKnowTheirLines) {
  EXPECT_EQ(told("[run]\n\nseed = 3\n  name=a b  \n[ data ]\npath=x=y\n[run]\noutput=\n"),
            "[run@1] seed=3@3 name=a b@4\n[data@5] path=x=y@6\n[run@7] output=@8\n");
  EXPECT_EQ(told("run.seed=3\n"), "[@0] run.seed=3@1\n");
  EXPECT_EQ(told(""), "");
}

TEST(Ini, TakesByteOrderMarksAndWindowsLines) {
  EXPECT_EQ(told("\xEF\xBB\xBF[run]\r\nseed=3\r\n"), "[run@1] seed=3@2\n");
}

TEST(Ini, HashBeginsACommentAndSemicolonOnlyALine) {
  EXPECT_EQ(told("; first\n# second\n[run]  # third\nseed=3 # fourth\nname=a;b ; c\n  ; fifth\n"),
            "[run@3] seed=3@4 name=a;b ; c@5\n");
}

TEST(Ini, QuotesKeepWhatTheyHold) {
  EXPECT_EQ(told("[run]\nname = \"a # b\" # c\noutput=\" x \"\n"),
            "[run@1] name=a # b@2 output= x @3\n");
  EXPECT_EQ(told("[run]\nname=\"say \\\"a\\\" \\\\ b\"\noutput=a\"#\"b\nseed=\"\"\n"),
            "[run@1] name=say \"a\" \\ b@2 output=a#b@3 seed=@4\n");
}

TEST(Ini, AllBrokenLinesAreToldWithTheirNumbers) {
  EXPECT_EQ(told("[run]\nseed\n[ ]\nname=\"a\nseed=3\n[data\n"),
            "[run@1] seed=3@5\n\n"
            "a.ini:2: 'seed' is no line of a configuration: write [section], option = value, or # "
            "and a comment\n"
            "a.ini:3: '[ ]' is not a section: [NAME]\n"
            "a.ini:4: 'name=\"a' has a quote that is not closed\n"
            "a.ini:6: '[data' is not a section: [NAME]");
}

TEST(Quotes, AreWrittenOnlyWhereTheyAreNeeded) {
  for (const std::string plain : {"", "a b", "a;b", "a|b", "a\\b", "conv1*,fc.weight", "a=b"})
    EXPECT_EQ(quote_where_needed(plain), plain);
  EXPECT_EQ(quote_where_needed("a#b"), "\"a#b\"");
  for (const std::string value : {"a#b", " a", "a ", "\"", "say \"a\"", "\\#", "#\\", "\t#|"})
    EXPECT_EQ(told("[run]\nname=" + quote_where_needed(value) + "\n"),
              "[run@1] name=" + value + "@2\n");
}

}  // namespace
}  // namespace medpfl
