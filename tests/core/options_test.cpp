#include "core/options.hpp"

#include <gtest/gtest.h>

#include "refusal.hpp"

namespace medpfl {
namespace {

// What is wrong, or "fine".
std::string verdict(const OptionSpec& spec, const std::string& text) {
  return violation(spec, text).value_or("fine");
}

TEST(Options, IntegerTakesWholeNumbersAlone) {
  const OptionSpec spec = integer_option("rounds", 1, "communication rounds");
  EXPECT_EQ(spec.default_value, "1");
  EXPECT_EQ(verdict(spec, "-12"), "fine");
  for (const std::string text : {"", "1.0", "3x", " 3", "0x10", "99999999999999999999"})
    EXPECT_EQ(verdict(spec, text), "'" + text + "' is not allowed: it must be integer");
}

TEST(Options, RealTakesFiniteNumbersAlone) {
  const OptionSpec spec = real_option("alpha", 0.1, "concentration");
  EXPECT_EQ(spec.default_value, "0.1");
  EXPECT_EQ(verdict(spec, "1e-5"), "fine");
  for (const std::string text : {"nan", "inf", "1,5", "", "1.5 "})
    EXPECT_EQ(verdict(spec, text), "'" + text + "' is not allowed: it must be number");
}

TEST(Options, FlagTakesTheUsualWords) {
  const OptionSpec spec = flag_option("weights", true, "record weights");
  EXPECT_EQ(spec.default_value, "true");
  for (const std::string text : {"true", "False", "YES", "no", "on", "off", "1", "0"})
    EXPECT_EQ(verdict(spec, text), "fine") << text;
  EXPECT_EQ(verdict(spec, "maybe"), "'maybe' is not allowed: it must be true or false");
  EXPECT_EQ(verdict(spec, ""), "'' is not allowed: it must be true or false");
}

TEST(Options, ChoiceOffersTheNearestWord) {
  const OptionSpec spec = choice_option("when", "end", {"end", "each-round"}, "when attacks run");
  EXPECT_EQ(verdict(spec, "each-round"), "fine");
  EXPECT_EQ(verdict(spec, "each_round"),
            "'each_round' is not allowed: it must be one of: end, each-round (did you mean "
            "each-round?)");
  EXPECT_EQ(verdict(spec, "never"), "'never' is not allowed: it must be one of: end, each-round");
}

TEST(Options, TextTakesAnything) {
  const OptionSpec spec = text_option("path", "", "file or folder");
  EXPECT_EQ(verdict(spec, ""), "fine");
  EXPECT_EQ(verdict(spec, "a b=c;"), "fine");
}

TEST(Options, BoundsAreInclusiveUnlessExcluded) {
  const OptionSpec low = integer_option("clients", 4, "hospitals").at_least(1);
  EXPECT_EQ(verdict(low, "1"), "fine");
  EXPECT_EQ(verdict(low, "0"), "'0' is not allowed: it must be integer, at least 1");
  const OptionSpec positive = real_option("alpha", 0.5, "concentration").above(0);
  EXPECT_EQ(verdict(positive, "1e-300"), "fine");
  EXPECT_EQ(verdict(positive, "0"), "'0' is not allowed: it must be number, above 0");
  const OptionSpec closed = integer_option("image_size", 32, "pixels").between(8, 1024);
  EXPECT_EQ(verdict(closed, "8"), "fine");
  EXPECT_EQ(verdict(closed, "1024"), "fine");
  EXPECT_EQ(verdict(closed, "7"), "'7' is not allowed: it must be integer in [8, 1024]");
  EXPECT_EQ(verdict(closed, "1025"), "'1025' is not allowed: it must be integer in [8, 1024]");
  const OptionSpec half_open = real_option("sampling", 1, "share").above(0).between(0, 1);
  EXPECT_EQ(verdict(half_open, "1"), "fine");
  EXPECT_EQ(verdict(half_open, "0"), "'0' is not allowed: it must be number in (0, 1]");
}

TEST(Options, BoundsLeaveTheOriginalAlone) {
  const OptionSpec free = integer_option("clients", 4, "hospitals");
  const OptionSpec bound = free.at_least(1);
  EXPECT_EQ(verdict(free, "0"), "fine");
  EXPECT_NE(verdict(bound, "0"), "fine");
}

TEST(Options, DescribesEachDomain) {
  EXPECT_EQ(describe_domain(integer_option("a", 1, "")), "integer");
  EXPECT_EQ(describe_domain(real_option("a", 1, "").at_least(0.5)), "number, at least 0.5");
  EXPECT_EQ(describe_domain(real_option("a", 1, "").above(0).between(0, 1)), "number in (0, 1]");
  EXPECT_EQ(describe_domain(flag_option("a", false, "")), "true or false");
  EXPECT_EQ(describe_domain(text_option("a", "", "")), "text");
  EXPECT_EQ(describe_domain(choice_option("a", "x", {"x", "y"}, "")), "one of: x, y");
  EXPECT_EQ(describe_domain(integer_option("a", 1, "").at_least(1).or_word("auto")),
            "integer, at least 1, or auto");
}

TEST(Options, NumbersMayHaveAWordBeside) {
  const OptionSpec spec = integer_option("a", 1, "").at_least(1).or_word("auto");
  EXPECT_FALSE(violation(spec, "auto").has_value());
  EXPECT_FALSE(violation(spec, "3").has_value());
  EXPECT_TRUE(violation(spec, "0").has_value());
  EXPECT_TRUE(violation(spec, "Auto").has_value());
}

TEST(Options, DefaultsThatDifferAreNamed) {
  const std::vector<OptionSpec> base = {integer_option("rounds", 3, "how many"),
                                        real_option("rate", 0.25, "how fast").above(0),
                                        flag_option("on", false, "whether")};
  std::vector<OptionSpec> other = base;
  EXPECT_EQ(differing_defaults(other, base), "");
  other[0].default_value = "4";
  other[2].default_value = "true";
  EXPECT_EQ(differing_defaults(other, base), "rounds=4, on=true");
  other[1] = other[1].at_least(1);
  EXPECT_EQ(differing_defaults(other, base), std::nullopt) << "another domain";
  EXPECT_EQ(differing_defaults({base[0]}, base), std::nullopt);
}

TEST(OptionValues, ReadsDefaultsAndSetValues) {
  OptionValues values = OptionValues::defaults(
      {integer_option("rounds", 3, ""), real_option("rate", 0.25, ""), flag_option("on", false, ""),
       text_option("chain", " clip , gaussian,", "")});
  EXPECT_EQ(values.integer("rounds"), 3);
  EXPECT_EQ(values.real("rate"), 0.25);
  EXPECT_FALSE(values.flag("on"));
  EXPECT_EQ(values.list("chain"), (std::vector<std::string>{"clip", "gaussian"}));
  values.set("on", "Yes");
  values.set("rate", "2");
  EXPECT_TRUE(values.flag("on"));
  EXPECT_EQ(values.real("rate"), 2);
}

TEST(OptionValues, NamesWhatCannotBeRead) {
  OptionValues values;
  values.set("rounds", "many");
  EXPECT_EQ(refusal([&] { values.integer("rounds"); }), "rounds: 'many' is not an integer");
  EXPECT_EQ(refusal([&] { values.real("rounds"); }), "rounds: 'many' is not a number");
  EXPECT_EQ(refusal([&] { values.flag("rounds"); }), "rounds: 'many' is not true or false");
  EXPECT_EQ(refusal<Error>([&] { values.text("speed"); }),
            "option 'speed' was read but never declared");
}

}  // namespace
}  // namespace medpfl
