#include "config/command_line.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace medpfl {
namespace {

using Words = std::vector<std::string>;

const std::vector<OptionSpec> kFlags = {flag_option("resume", false, ""),
                                        text_option("config", "", ""),
                                        flag_option("help", false, "")};

// "options | flags | words", or what is wrong.
std::string told(const Words& arguments) {
  std::string out;
  try {
    const CommandLine line = parse_command_line(arguments, kFlags);
    for (const auto& [name, value] : line.options) out += name + "=" + value + " ";
    out += "|";
    for (const auto& [name, value] : line.flags) out += " " + name + "=" + value;
    out += " |";
    for (const std::string& word : line.words) out += " " + word;
  } catch (const ConfigError& error) {
    return error.what();
  }
  return out;
}

TEST(CommandLine, TellsOptionsFlagsAndWordsApart) {
  EXPECT_EQ(told({"comm", "--run.seed=3", "--run.name", "a b", "--resume", "x", "--config", "f"}),
            "run.seed=3 run.name=a b | resume=true config=f | comm x");
  EXPECT_EQ(told({"--run.seed=3", "--run.seed", "-4"}), "run.seed=3 run.seed=-4 | |");
  EXPECT_EQ(told({"--run.name=--x=y", "-h"}), "run.name=--x=y | help=true |");
  EXPECT_EQ(told({}), "| |");
}

TEST(CommandLine, AnEmptyValueIsAValue) {
  EXPECT_EQ(told({"--defense.chain=", "--attack.method", "", "--resume"}),
            "defense.chain= attack.method= | resume=true |");
}

TEST(CommandLine, ValuesFollowTheRuleOfFiles) {
  EXPECT_EQ(told({"--run.name= a#b ;c ", "--run.output=\" x \"", "--data.path=\"a\\\"b\""}),
            "run.name=a#b ;c run.output= x  data.path=a\"b | |");
  EXPECT_EQ(told({"--run.name=\"a"}),
            "command line: --run.name: '\"a' has a quote that is not closed");
}

TEST(CommandLine, UnknownOptionsOfSectionsAreLeftAndTheirValuesSkipped) {
  EXPECT_EQ(told({"--run.sed", "3", "--run.name=x"}), "run.sed= run.name=x | |");
}

TEST(CommandLine, AllMistakesAreTold) {
  EXPECT_EQ(told({"--resme", "--run.output", "--config=a", "--run.sed=1", "--config", "b",
                  "--resume=yes", "--rounds=3", "--config"}),
            "command line: unknown option '--resme' (did you mean --resume?)\n"
            "command line: option run.output needs a value: --run.output=...\n"
            "command line: --config is given twice\n"
            "command line: --resume takes no value\n"
            "command line: unknown option 'rounds' (did you mean federation.rounds?)\n"
            "command line: option config needs a value: --config=...\n"
            "command line: unknown option 'run.sed' (did you mean run.seed?)");
}

}  // namespace
}  // namespace medpfl
