// /pooled of a sweep.h5: what is written is read again, and what a terminal shows of it.
#include "results/run/pooled_table.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

namespace medpfl {
namespace {

PooledShare pooled(const std::string& setting, int64_t networks) {
  PooledShare out;
  out.setting = setting;
  out.method = "dlg";
  out.kind = "update";
  out.share = {0.25, 0.125, 0.5, networks >= kFewestNetworks, 10.5, 12, 4, networks};
  return out;
}

PooledShare claimed(double epsilon) {
  PooledShare out = pooled("defense.chain=dp-sgd", 5);
  out.identified_bound = 0.0312;
  out.epsilon = epsilon;
  out.identification_bound = 0.0051;
  out.claim = "one image of a hospital; not of probes";
  out.chance = 0.0625;
  out.undefended = 0.75;
  out.attacks = 3;
  out.verdict = "leaks";
  out.verdict_reason = "at least 12% are identified (chance 6%)";
  return out;
}

TEST(SettingOf, LeavesOutTheSeedAndWhatIsNotSet) {
  const std::vector<std::string> options = {"defense.chain", "run.seed", "data.limit"};
  EXPECT_EQ(setting_of(options, {"clip,gaussian", "1", "3"}),
            "defense.chain=clip,gaussian, data.limit=3");
  EXPECT_EQ(setting_of(options, {"", "2", "3"}), "data.limit=3");
  EXPECT_EQ(setting_of(options, {"", "2", ""}), "");
}

TEST(PooledTable, ReadsWhatItWrote) {
  const std::string path = testing::TempDir() + "pooled_" + std::to_string(getpid()) + ".h5";
  {
    h5::File file = h5::File::create(path);
    write_pooled(&file, {pooled("", 3), claimed(8)});
    file.close();
  }
  const std::vector<PooledShare> read = read_pooled(h5::File::open(path));
  std::filesystem::remove(path);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].setting, "");
  EXPECT_EQ(read[0].claim, "");
  EXPECT_TRUE(std::isnan(read[0].epsilon) && std::isnan(read[0].identified_bound));
  EXPECT_FALSE(read[0].share.inferred);
  const PooledShare& p = read[1];
  EXPECT_EQ(p.setting + p.method + p.kind, "defense.chain=dp-sgddlgupdate");
  EXPECT_EQ(p.share.value, 0.25);
  EXPECT_EQ(p.share.low, 0.125);
  EXPECT_EQ(p.share.high, 0.5);
  EXPECT_TRUE(p.share.inferred);
  EXPECT_EQ(p.share.effective, 10.5);
  EXPECT_EQ(p.share.images, 12);
  EXPECT_EQ(p.share.clusters, 4);
  EXPECT_EQ(p.share.networks, 5);
  EXPECT_EQ(p.identified_bound, 0.0312);
  EXPECT_EQ(p.epsilon, 8);
  EXPECT_EQ(p.identification_bound, 0.0051);
  EXPECT_EQ(p.claim, "one image of a hospital; not of probes");
  EXPECT_EQ(p.chance, 0.0625);
  EXPECT_EQ(p.undefended, 0.75);
  EXPECT_EQ(p.attacks, 3);
  EXPECT_EQ(p.verdict + p.verdict_reason, "leaksat least 12% are identified (chance 6%)");
}

TEST(PooledTable, ShowsARangeOfFewNetworksAndNoEpsilonWhereThereIsNone) {
  EXPECT_EQ(describe_pooled({}), "");
  const std::string text = describe_pooled({pooled("", 3)});
  EXPECT_NE(text.find("25%  12 to 50% range  the base configuration\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("epsilon"), std::string::npos) << text;
  EXPECT_EQ(text.find("at most"), std::string::npos) << text;
}

TEST(PooledTable, BoundsAndWhatEpsilonCoversStandBesideIt) {
  std::string text = describe_pooled({pooled("", 5), claimed(8)});
  EXPECT_NE(text.find("       -        -         -  the base configuration\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("    3.2%        8      0.6%  defense.chain=dp-sgd\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("epsilon: one image of a hospital; not of probes\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("add/remove adjacency"), std::string::npos) << text;
  EXPECT_EQ(text.find("guarantees little"), std::string::npos) << text;
  text = describe_pooled({claimed(20)});
  EXPECT_NE(text.find("From 20 on epsilon alone guarantees little. The bounds beside it"),
            std::string::npos)
      << text;
}

TEST(PooledTable, SaysWhatMayBeSaidOfASettingAndWhy) {
  const std::string text = describe_pooled({pooled("", 5), claimed(8)});
  EXPECT_NE(
      text.find("\nVerdicts\nleaks         dlg on updates, defense.chain=dp-sgd: at least 12% are "
                "identified (chance 6%)\n"),
      std::string::npos)
      << text;
  EXPECT_EQ(describe_pooled({pooled("", 5)}).find("Verdicts"), std::string::npos);
}

}  // namespace
}  // namespace medpfl
