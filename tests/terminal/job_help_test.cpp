#include "terminal/job_help.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "terminal/completion.hpp"

namespace medpfl {
namespace {

const JobHelp kHelp = {"medpfl do", "Does it.", {"medpfl do --x"}, {"run.output"}, "More.", {}};
const std::vector<OptionSpec> kFlags = {flag_option("fast", false, "hurry"),
                                        text_option("config", "", "a file")};

TEST(JobHelp, TheFirstScreenNamesFlagsAndTheOptionsAskedFor) {
  const std::string page = help_page(kHelp, kFlags, "");
  for (const char* part : {"usage: medpfl do\n", "  medpfl do --x\n", "--run.output=runs/medpfl",
                           "--fast --config=...", "attack.dlg"})
    EXPECT_NE(page.find(part), std::string::npos) << part << "\n" << page;
  EXPECT_EQ(page.find("--federation.rounds"), std::string::npos);
}

TEST(JobHelp, ATopicIsASectionAComponentOrFlags) {
  EXPECT_NE(help_page(kHelp, kFlags, "federation").find("--federation.rounds"), std::string::npos);
  EXPECT_EQ(help_page(kHelp, kFlags, "federation").find("--run.output"), std::string::npos);
  EXPECT_NE(help_page(kHelp, kFlags, "attack.dlg").find("--attack.dlg.labels"), std::string::npos);
  EXPECT_EQ(help_page(kHelp, kFlags, "dlg"), help_page(kHelp, kFlags, "attack.dlg"));
  EXPECT_NE(help_page(kHelp, kFlags, "flags").find("hurry"), std::string::npos);
  const std::string all = help_page(kHelp, kFlags, "all");
  for (const char* part : {"hurry", "--attack.dlg.labels", "--federation.rounds"})
    EXPECT_NE(all.find(part), std::string::npos) << part;
}

TEST(JobHelp, AnUnknownTopicGetsTheNearest) {
  try {
    help_page(kHelp, kFlags, "federatoin");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean federation?"), std::string::npos)
        << error.what();
  }
}

TEST(JobHelp, WhatTakesNoOptionsHasNoSections) {
  JobHelp help = kHelp;
  help.used.clear();
  EXPECT_THROW(help_page(help, kFlags, "federation"), ConfigError);
  EXPECT_EQ(help_topics(help), (std::vector<std::string>{"flags", "all"}));
}

TEST(Completion, TheScriptHoldsWordsOfEachJob) {
  const std::string script =
      bash_completion({{"do", kFlags, true, {"one"}, {"flags"}}, {"look", {}, false, {}, {"all"}}});
  for (const char* part :
       {"_medpfl_jobs=\"do look\"", "_medpfl_options[do]=\"--fast --config= $_medpfl_sections\"",
        "_medpfl_words[do]=\"one\"", "_medpfl_topics[look]=\"all\"",
        "_medpfl_choices[--output.weights]=\"true false\"", "_medpfl_lists[--defense.chain]=\"",
        "_medpfl_lists[--attack.method]=\"dlg "})
    EXPECT_NE(script.find(part), std::string::npos) << part;
  EXPECT_EQ(script.find("_medpfl_words[look]"), std::string::npos);
}

}  // namespace
}  // namespace medpfl
