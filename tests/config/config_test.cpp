#include "config/config.hpp"

#include <gtest/gtest.h>

#include <set>

#include "../core/refusal.hpp"
#include "config/schema.hpp"
#include "config/settings.hpp"

namespace medpfl::config_test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Config, DefaultsAreValid) {
  EXPECT_TRUE(Config().violations().empty());
  EXPECT_NO_THROW(make_settings(Config()));
}

TEST(Config, CommandLineWinsOverFileAndProvenanceIsKept) {
  Config config;
  config.read_text("[federation]\nrounds=5\nclients=7\n", "a.ini");
  config.read_arguments({"--federation.rounds=9", "--run.seed", "3", "--defense.chain="});
  EXPECT_EQ(config.entries().at("federation.rounds").value, "9");
  EXPECT_EQ(config.entries().at("federation.rounds").source, "command line");
  EXPECT_EQ(config.entries().at("federation.clients").source, "a.ini");
  EXPECT_EQ(config.entries().at("run.seed").value, "3");
  EXPECT_EQ(config.entries().at("run.name").source, "default");
}

TEST(Config, UnknownOptionsNameTheNearest) {
  Config config;
  EXPECT_EQ(refusal([&] { config.read_text("[federation]\nround=5\n", "a.ini"); }),
            "a.ini:2: unknown option 'federation.round' (did you mean federation.rounds?)");
  EXPECT_TRUE(
      contains(refusal([&] { config.read_arguments({"--atack.method=dlg"}); }),
               "command line: unknown option 'atack.method' (did you mean attack.method?)"));
  EXPECT_FALSE(refusal([&] { config.read_arguments({"stray"}); }).empty());
}

TEST(Config, RefusesOptionsGivenTwiceAndBrokenLines) {
  Config config;
  EXPECT_EQ(refusal([&] { config.read_text("[run]\nseed=1\nseed=2\n", "a.ini"); }),
            "a.ini:3: option run.seed is given twice, first in line 2");
  EXPECT_TRUE(
      contains(refusal([&] { config.read_text("[run]\nno equals sign\n", "a.ini"); }), "a.ini:2"));
}

TEST(Config, AllViolationsAreReportedAtOnce) {
  Config config;
  config.read_arguments({"--federation.rounds=0", "--federation.alpha=x", "--model.name=lenet"});
  const std::string message = refusal([&] { make_settings(config); });
  for (const char* part :
       {"federation.rounds (command line): '0'", "federation.alpha", "model.name"})
    EXPECT_TRUE(contains(message, part)) << message;
}

TEST(Config, ViolationsOfSeveralOptionsTogether) {
  Config config;
  config.read_arguments({"--data.dataset=mnist", "--data.channels=2", "--attack.method=idlg,nosuch",
                         "--attack.rounds=4", "--federation.algorithm=fedavg"});
  const std::string message = refusal([&] { make_settings(config); });
  for (const char* part : {"data.path must name", "data.channels must be 1 (gray) or 3 (RGB)",
                           "unknown attack 'nosuch'", "attack.rounds: '4' is outside 0 ... 0",
                           "attack.labels=idlg (idlg) reads the label of one image"})
    EXPECT_TRUE(contains(message, part)) << message;
}

std::string settings_failure(const std::vector<std::string>& arguments) {
  Config config;
  config.read_arguments(arguments);
  return refusal([&] { make_settings(config); });
}

TEST(Config, IdlgNeedsSingleImages) {
  std::vector<std::string> words = {"--attack.method=idlg", "--federation.algorithm=fedsgd",
                                    "--federation.batch_size=1"};
  EXPECT_EQ(settings_failure(words), "");
  words.back() = "--federation.batch_size=4";
  EXPECT_TRUE(
      contains(settings_failure(words), "attack.labels=idlg (idlg) reads the label of one"));
  words.emplace_back("--attack.probes=2");
  EXPECT_EQ(settings_failure(words), "") << "probes of one image are attacked instead";
  words.emplace_back("--attack.probe_batch=2");
  EXPECT_TRUE(contains(settings_failure(words), "it needs attack.probe_batch=1"));
  words.emplace_back("--attack.labels=known");
  EXPECT_EQ(settings_failure(words), "");
}

TEST(Config, DataSetsOnDiskNeedAPath) {
  EXPECT_EQ(settings_failure({"--data.dataset=medmnist"}),
            "data.path must name the file or folder of data.dataset=medmnist");
}

TEST(Config, EverySectionAndOptionIsKnown) {
  const Config defaults;
  size_t options = 0;
  std::set<std::string> names;
  for (const Section& section : config_sections()) {
    EXPECT_TRUE(names.insert(section.name).second) << section.name << " is there twice";
    for (const OptionSpec& option : section.options) {
      const std::string key = section.name + "." + option.name;
      Config from_file, from_words;
      from_file.read_text("[" + section.name + "]\n" + option.name + "=7\n", "a.ini");
      from_words.read_arguments({"--" + key + "=7"});
      EXPECT_EQ(from_file.entries().at(key).value, "7");
      EXPECT_EQ(from_words.entries().at(key).value, "7");
      EXPECT_EQ(defaults.section(section.name).text(option.name), option.default_value);
      EXPECT_FALSE(option.help.empty()) << key;
      ++options;
    }
  }
  EXPECT_EQ(defaults.entries().size(), options);
  for (const char* name : {"run", "data", "model", "federation", "defense", "attack", "output",
                           "data.phantom", "model.mlp", "defense.clip", "attack.idlg"})
    EXPECT_EQ(names.count(name), 1U) << name;
}

TEST(Config, ASelectionOfRoundsIsCheckedAgainstTheRun) {
  std::vector<std::string> words = {"--attack.method=dlg", "--federation.rounds=4",
                                    "--attack.labels=known", "--attack.rounds=0,2-3"};
  EXPECT_EQ(settings_failure(words), "");
  words.back() = "--attack.rounds=2-4";
  EXPECT_EQ(settings_failure(words), "attack.rounds: '2-4' is outside 0 ... 3");
  words.back() = "--attack.clients=first";
  EXPECT_EQ(settings_failure(words),
            "attack.clients: 'first' is not allowed: use all, none, last, or numbers and ranges "
            "such as 0,2,5-9");
  words = {"--attack.rounds=99"};
  EXPECT_EQ(settings_failure(words), "") << "without an attack nothing is selected";
}

TEST(Config, RefusesValuesThatAConfigFileCannotHold) {
  EXPECT_EQ(
      settings_failure({"--run.output=two\nlines"}),
      "run.output (command line): 'two\nlines' is not allowed: it must hold no line break and "
      "no control character, which a config file cannot keep");
}

TEST(Config, ValuesThatNeedQuotesRoundTrip) {
  for (const std::string value : {"runs/a#1", "a;b", "\"\"x\\\"\"", "\" x\"", "a|b", "\"#\\\\\""}) {
    Config config, again;
    config.read_arguments({"--run.output=" + value});
    again.read_text(config.to_ini(true), "again.ini");
    EXPECT_EQ(again.entries().at("run.output").value, config.entries().at("run.output").value);
  }
  Config config;
  config.read_text("[run]\noutput = \"runs/a#1\" # a comment\n", "a.ini");
  EXPECT_EQ(config.entries().at("run.output").value, "runs/a#1");
}

TEST(Config, MistakesOfAFileAreToldAtOnceWithTheirLines) {
  Config config;
  EXPECT_EQ(refusal([&] {
              config.read_text("[run]\nsed=1\nseed\n[federation]\nrounds=2\nrounds=3\n", "a.ini");
            }),
            "a.ini:3: 'seed' is no line of a configuration: write [section], option = value, or # "
            "and a comment\n"
            "a.ini:2: unknown option 'run.sed' (did you mean run.seed?)\n"
            "a.ini:6: option federation.rounds is given twice, first in line 5");
  config.read_text("[federation]\n\nrounds=many\n", "a.ini");
  EXPECT_TRUE(
      contains(refusal([&] { make_settings(config); }), "federation.rounds (a.ini:3): 'many'"));
}

TEST(Config, AnAttackThatDoesNotFitTheNetworkIsToldWithTheRest) {
  const std::string message = settings_failure(
      {"--attack.method=modern", "--attack.modern.exclude=conv9*", "--data.channels=2"});
  for (const char* part : {"[attack.modern] exclude: 'conv9*'", "data.channels must be 1"})
    EXPECT_TRUE(contains(message, part)) << message;
}

TEST(Config, IniRoundTrips) {
  Config config;
  config.read_arguments(
      {"--federation.rounds=9", "--defense.chain=clip,gaussian", "--attack.snapshots="});
  for (const bool comments : {false, true}) {
    Config again;
    again.read_text(config.to_ini(comments), "again");
    for (const auto& [key, entry] : config.entries())
      EXPECT_EQ(again.entries().at(key).value, entry.value);
  }
}

}  // namespace
}  // namespace medpfl::config_test
