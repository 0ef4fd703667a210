#include "defenses/defense.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/error.hpp"
#include "defenses/batch_transform.hpp"
#include "updates.hpp"

namespace medpfl {
namespace {

using testing::defended;
using testing::make_defense;
using testing::SmallClient;
using testing::values_of;

DefenseContext context_of(const SmallClient& client) {
  return {42, 3, 5, 0, 1, nullptr, &client.own};
}

// What every defense must keep, those added later included.
class EveryDefense : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Defense> defense_ = make_defense(GetParam());
  SmallClient client_{3};
  DefenseContext context_ = context_of(client_);
  FlatParameters update_ = client_.update();
};

TEST_P(EveryDefense, IsDocumentedAndItsDefaultsAreAllowed) {
  const auto& entry = defenses().find(GetParam());
  EXPECT_FALSE(entry.summary.empty());
  EXPECT_FALSE(entry.paper.empty());
  for (const OptionSpec& spec : entry.options) {
    EXPECT_EQ(violation(spec, spec.default_value), std::nullopt) << spec.name;
    EXPECT_FALSE(spec.help.empty()) << spec.name;
  }
  EXPECT_EQ(defense_->describe().rfind(GetParam(), 0), 0U) << defense_->describe();
  EXPECT_EQ(defense_->describe().find('\n'), std::string::npos);
}

TEST_P(EveryDefense, ChangesValuesButNotTheLayout) {
  FlatParameters update = update_;
  defense_->apply(&update, context_);
  const bool changed = values_of(update) != values_of(update_);
  const bool elsewhere = defense_->dp_sgd() != nullptr || defense_->batch_transform() != nullptr ||
                         defense_->bottleneck() != nullptr;
  EXPECT_NE(changed, elsewhere) << "norm " << update_.norm();
  EXPECT_TRUE(update.all_finite());
  ASSERT_EQ(update.layout().count(), update_.layout().count());
  for (int64_t i = 0; i < update.layout().count(); ++i) {
    EXPECT_EQ(update.layout()[i].name, update_.layout()[i].name);
    EXPECT_EQ(update.layout()[i].shape, update_.layout()[i].shape);
  }
  EXPECT_EQ(update.buffer().scalar_type(), at::kFloat);
}

TEST_P(EveryDefense, SameContextGivesTheSameBitsWhateverCameBefore) {
  const std::vector<float> first = defended(*defense_, update_, context_);
  const SmallClient other(2, "mlp", {{"hidden", "7"}});
  defended(*defense_, other.update(9), {1, 2, 3, 4, 0, nullptr, &other.own});
  EXPECT_EQ(defended(*defense_, update_, context_), first);
  EXPECT_EQ(defended(*make_defense(GetParam()), update_, context_), first);
}

TEST_P(EveryDefense, TouchesOnlyTheUpdateItIsGiven) {
  const FlatParameters other = update_;
  const std::vector<float> before = values_of(update_);
  FlatParameters update = update_;
  defense_->apply(&update, context_);
  EXPECT_EQ(values_of(other), before);
  EXPECT_EQ(values_of(update_), before);
}

TEST_P(EveryDefense, RandomOnesDifferInEveryPartOfTheContext) {
  const std::vector<float> base = defended(*defense_, update_, context_);
  DefenseContext other_seed = context_;
  ++other_seed.seed;
  const bool random = defended(*defense_, update_, other_seed) != base;
  DefenseContext contexts[4] = {context_, context_, context_, context_};
  ++contexts[0].round;
  ++contexts[1].client;
  ++contexts[2].message;
  ++contexts[3].position;
  for (const DefenseContext& context : contexts)
    EXPECT_EQ(defended(*defense_, update_, context) != base, random);
}

TEST_P(EveryDefense, TakesAnUpdateOfZeros) {
  FlatParameters zeros = update_;
  zeros.fill(0);
  defense_->apply(&zeros, context_);
  EXPECT_TRUE(zeros.all_finite());
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryDefense, ::testing::ValuesIn(defenses().names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           for (char& letter : name)
                             if (letter == '-') letter = '_';
                           return name;
                         });

TEST(Defenses, NamesAreUniqueAndMistakesAreGuessed) {
  const std::vector<std::string> names = defenses().names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  try {
    make_defense("gausian");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean gaussian"), std::string::npos)
        << error.what();
  }
}

TEST(Defenses, StreamsAreNeverShared) {
  std::set<uint64_t> first_draws;
  size_t contexts = 0;
  for (int64_t round = 0; round < 3; ++round)
    for (int64_t client = 0; client < 3; ++client)
      for (int64_t message = 0; message < 4; ++message)
        for (const int64_t position : {int64_t{0}, int64_t{1}, kMaxDefenses - 1}) {
          RandomStream stream = defense_stream({1, round, client, message, position});
          const uint64_t high = stream();
          first_draws.insert(high << 32 | stream());
          ++contexts;
        }
  EXPECT_EQ(first_draws.size(), contexts);
}

TEST(Defenses, TheStreamIsTheDocumentedOne) {
  RandomStream stream = defense_stream({9, 2, 4, 3, 5});
  RandomStream expected(StreamKey{9, Purpose::kDefense, 2, 4, 3 * 64 + 5});
  for (int i = 0; i < 8; ++i) EXPECT_EQ(stream(), expected());
}

}  // namespace
}  // namespace medpfl
