#include "core/option_table.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace medpfl::option_table_test {
namespace {

enum class Shape { kRound, kSquare };

const Words<Shape>& words_of(Shape) {
  static const Words<Shape> words = {{Shape::kRound, "round"}, {Shape::kSquare, "square"}};
  return words;
}

struct Part {
  double rate = 0.25;
};

struct Thing {
  int64_t count = 3;
  bool wild = true;
  std::string text = "a b";
  std::vector<std::string> list = {"x", "y"};
  Shape shape = Shape::kSquare;
  std::optional<Shape> hint;
  int threads = 0;
  Part part;
};

OptionTable<Thing> things() {
  using O = Option<Thing>;
  OptionTable<Thing> table = {
      O{"count", &Thing::count, "how many"}.at_least(1),
      O{"wild", &Thing::wild, "of what kind"}.named("tame", "wild"),
      {"text", &Thing::text, "some text"},
      {"list", &Thing::list, "some words"},
      {"shape", &Thing::shape, "of the thing"},
      {"hint", &Thing::hint, "of another"},
      O{"threads", &Thing::threads, "of it"}.at_least(1).or_word("auto", "0")};
  return table.add(&Thing::part,
                   {Option<Part>{"rate", &Part::rate, "of the part"}.above(0).between(0, 1)});
}

// name=default (domain).
std::vector<std::string> told(const std::vector<OptionSpec>& specs) {
  std::vector<std::string> out;
  for (const OptionSpec& spec : specs)
    out.push_back(spec.name + "=" + spec.default_value + " (" + describe_domain(spec) + ")");
  return out;
}

TEST(OptionTable, DefaultsAndDomainsComeFromTheMembers) {
  EXPECT_EQ(told(things().specs()),
            (std::vector<std::string>{
                "count=3 (integer, at least 1)", "wild=wild (one of: tame, wild)",
                "text=a b (text)", "list=x,y (comma-separated list)",
                "shape=square (one of: round, square)", "hint=auto (one of: auto, round, square)",
                "threads=auto (integer, at least 1, or auto)", "rate=0.25 (number in (0, 1])"}));
  Thing other;
  other.count = 7;
  other.part.rate = 1e-5;
  EXPECT_EQ(things().specs(other)[0].default_value, "7");
  EXPECT_EQ(things().specs(other)[7].default_value, "1e-05");
}

TEST(OptionTable, FillsTheStruct) {
  OptionValues values = OptionValues::defaults(things().specs());
  Thing fresh = things().read(values);
  EXPECT_EQ(told(things().specs(fresh)), told(things().specs())) << "defaults read back";
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"count", "12"},
                                                        {"wild", "tame"},
                                                        {"text", ""},
                                                        {"list", "b, a,"},
                                                        {"shape", "round"},
                                                        {"hint", "square"},
                                                        {"threads", "2"},
                                                        {"rate", "0.5"}})
    values.set(name, text);
  const Thing thing = things().read(values);
  EXPECT_EQ(thing.count, 12);
  EXPECT_FALSE(thing.wild);
  EXPECT_EQ(thing.text, "");
  EXPECT_EQ(thing.list, (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(thing.shape, Shape::kRound);
  EXPECT_EQ(thing.hint, Shape::kSquare);
  EXPECT_EQ(thing.threads, 2);
  EXPECT_EQ(thing.part.rate, 0.5);
}

TEST(OptionTable, AValueThatWasNotCheckedIsRefused) {
  OptionValues values = OptionValues::defaults(things().specs());
  values.set("shape", "oval");
  EXPECT_THROW(things().read(values), ConfigError);
  values = OptionValues::defaults(things().specs());
  values.set("count", "many");
  EXPECT_THROW(things().read(values), ConfigError);
}

TEST(OptionTable, AFactoryGetsItsOptionsRead) {
  const auto factory = with_options(
      things(), [](const Thing& thing, const int64_t& times) { return times * thing.count; });
  OptionValues values = OptionValues::defaults(things().specs());
  values.set("count", "5");
  EXPECT_EQ(factory(values, int64_t{2}), 10);
}

TEST(Words, NameTheValuesOfAnEnum) {
  EXPECT_EQ(words_of(Shape()).names(), (std::vector<std::string>{"round", "square"}));
  for (const std::string& word : words_of(Shape()).names())
    EXPECT_EQ(word_of(words_of(Shape()).parse(word)), word);
}

}  // namespace
}  // namespace medpfl::option_table_test
