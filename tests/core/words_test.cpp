#include "core/words.hpp"

#include <gtest/gtest.h>

#include "core/option_table.hpp"

namespace medpfl::words_test {
namespace {

enum class Way { kNear, kFar };
const Words<Way>& words_of(Way) {
  static const Words<Way> words = {{Way::kNear, "near"}, {Way::kFar, "far-off"}};
  return words;
}

TEST(Words, NameTheValuesInTheirOrder) {
  EXPECT_EQ(words_of(Way()).names(), (std::vector<std::string>{"near", "far-off"}));
  EXPECT_EQ(words_of(Way()).values(), (std::vector<Way>{Way::kNear, Way::kFar}));
  for (const Way way : words_of(Way()).values())
    EXPECT_EQ(words_of(Way()).parse(word_of(way)), way);
}

TEST(Words, UnknownOnesAreRefusedWithThoseKnown) {
  try {
    words_of(Way()).parse("far");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "'far' is not allowed: use one of: near, far-off");
  }
}

TEST(Words, AnOptionalEnumIsAutoWithoutAValue) {
  using Text = OptionText<std::optional<Way>>;
  EXPECT_EQ(Text::print(std::nullopt), "auto");
  EXPECT_EQ(Text::parse("way", "auto"), std::nullopt);
  EXPECT_EQ(Text::parse("way", Text::print(Way::kFar)), Way::kFar);
  OptionSpec spec;
  Text::describe(&spec);
  EXPECT_EQ(spec.choices, (std::vector<std::string>{"auto", "near", "far-off"}));
}

}  // namespace
}  // namespace medpfl::words_test
