#include "config/grid.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "core/error.hpp"

namespace medpfl {
namespace {

using Values = std::vector<std::string>;

std::string failure(const std::string& text) {
  try {
    parse_grid(text, "g.ini");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Grid, LastAxisVariesFastest) {
  const Grid grid = parse_grid(
      "# a grid\n[grid]\nrun.seed = 1 | 2\n\nfederation.rounds=3|4|5  # rounds\nrun.name = a, b "
      "c\n",
      "g.ini");
  ASSERT_EQ(grid.options.size(), 3U);
  EXPECT_EQ(grid.options[1].first, "federation.rounds");
  EXPECT_EQ(grid.options[1].second, "g.ini:5");
  ASSERT_EQ(grid.points.size(), 6U);
  EXPECT_EQ(grid.points[0].values, (Values{"1", "3", "a, b c"}));
  EXPECT_EQ(grid.points[1].values, (Values{"1", "4", "a, b c"}));
  EXPECT_EQ(grid.points[3].values, (Values{"2", "3", "a, b c"}));
  EXPECT_EQ(grid.points[5].values, (Values{"2", "5", "a, b c"}));
  EXPECT_EQ(grid.points[5].block, "");
  EXPECT_EQ(grid.describe(grid.points[5]), "run.seed=2 federation.rounds=5 run.name=a, b c");
}

TEST(Grid, BlocksAreJoinedAndCrossedWithTheCommonAxes) {
  const Grid grid = parse_grid(
      "[none]\n[noise]\ndefense.chain = gaussian\ndefense.gaussian.scale = 0.1 | 1\n"
      "[grid]\nrun.seed = 1 | 2\n[clip]\ndefense.chain = clip\n",
      "g.ini");
  ASSERT_EQ(grid.options.size(), 3U);
  std::vector<std::string> found;
  for (const Grid::Point& point : grid.points)
    found.push_back(point.block + ": " + grid.describe(point));
  EXPECT_EQ(found, (Values{
                       "none: run.seed=1",
                       "none: run.seed=2",
                       "noise: defense.chain=gaussian defense.gaussian.scale=0.1 run.seed=1",
                       "noise: defense.chain=gaussian defense.gaussian.scale=1 run.seed=1",
                       "noise: defense.chain=gaussian defense.gaussian.scale=0.1 run.seed=2",
                       "noise: defense.chain=gaussian defense.gaussian.scale=1 run.seed=2",
                       "clip: defense.chain=clip run.seed=1",
                       "clip: defense.chain=clip run.seed=2",
                   }));
}

TEST(Grid, BlocksNeedNoCommonAxes) {
  const Grid grid = parse_grid("[a]\nrun.seed=1|2\n[b]\nrun.seed=3\n", "g.ini");
  ASSERT_EQ(grid.points.size(), 3U);
  EXPECT_EQ(grid.points[2].block, "b");
  EXPECT_EQ(grid.points[2].values, (Values{"3"}));
}

TEST(Grid, MistakesAreNamedWithFileAndLine) {
  EXPECT_EQ(failure("[grid]\n\nrun.sed = 1\n"),
            "g.ini:3: unknown option 'run.sed' (did you mean run.seed?)");
  EXPECT_EQ(failure("[grid]\nrun.seed = 1 | x\n"),
            "run.seed (g.ini:2): 'x' is not allowed: it must be integer, at least 0");
  EXPECT_EQ(failure("[grid]\nrun.name = 1 || 2\n"),
            "g.ini:2: run.name has an empty value; what a block does not set is that of the base "
            "configuration");
  EXPECT_NE(failure("[grid]\nrun.name =\n").find("g.ini:2: run.name has an empty value"),
            std::string::npos);
  EXPECT_EQ(failure("[grid]\nrun.seed = 1 | 2 | 1\n"), "g.ini:2: run.seed has the value '1' twice");
  EXPECT_EQ(failure("[grid]\nrun.seed = 1\nrun.seed = 2\n"),
            "g.ini:3: run.seed stands at g.ini:2 already");
  EXPECT_EQ(failure("[a]\nrun.seed = 1\n[grid]\nrun.seed = 2\n"),
            "g.ini:2: run.seed stands in [grid] already, at g.ini:4");
  EXPECT_EQ(failure("[a]\nrun.seed = 1\n[a]\n"), "g.ini:3: section [a] stands at g.ini:1 already");
  EXPECT_EQ(failure("run.seed = 1\n"), "g.ini:1: a grid begins with a section: [grid] or [NAME]");
  EXPECT_EQ(
      failure("[grid]\nrun.seed\n"),
      "g.ini:2: 'run.seed' is no line of a configuration: write [section], option = value, or "
      "# and a comment");
  EXPECT_EQ(failure("[grid\n"), "g.ini:1: '[grid' is not a section: [NAME]");
  EXPECT_EQ(failure("[ ]\n"), "g.ini:1: '[ ]' is not a section: [NAME]");
  for (const char* nothing : {"", "# no\n", "[grid]\n", "[a]\n[b]\n"})
    EXPECT_EQ(failure(nothing),
              "g.ini: the grid has no points: it needs a line section.option = v1 | v2");
  EXPECT_EQ(failure("[grid]\nrun.output = a | b\n"),
            "g.ini:2: run.output holds for the whole sweep: it cannot stand in a grid");
}

TEST(Grid, QuotedValuesHoldWhatSeparatesAndComments) {
  const Grid grid = parse_grid("[grid]\nrun.name = \"a | b\" | \"c#d\"|e;f # g\n", "g.ini");
  ASSERT_EQ(grid.points.size(), 3U);
  EXPECT_EQ(grid.points[0].values, (Values{"a | b"}));
  EXPECT_EQ(grid.points[1].values, (Values{"c#d"}));
  EXPECT_EQ(grid.points[2].values, (Values{"e;f"}));
}

TEST(Grid, AllMistakesAreTold) {
  EXPECT_EQ(
      failure("[grid]\nrun.sed = 1\nrun.seed = x\nrun.name\n"),
      "g.ini:4: 'run.name' is no line of a configuration: write [section], option = value, or "
      "# and a comment\n"
      "g.ini:2: unknown option 'run.sed' (did you mean run.seed?)\n"
      "run.seed (g.ini:3): 'x' is not allowed: it must be integer, at least 0");
}

TEST(Grid, RefusesMorePointsThanFoldersCanNumber) {
  std::string text = "[grid]\n";
  for (const char* option : {"run.seed", "data.limit", "federation.rounds"}) {
    text += std::string(option) + " = 1";
    for (int i = 2; i <= 60; ++i) text += " | " + std::to_string(i);
    text += "\n";
  }
  EXPECT_EQ(failure(text), "g.ini:4: the grid has more than 100000 points");
}

}  // namespace
}  // namespace medpfl
