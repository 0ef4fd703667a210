#include "defenses/defense.hpp"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <set>

#include "core/error.hpp"
#include "updates.hpp"

namespace medpfl {
namespace {

using testing::defended;
using testing::make_defense;
using testing::make_hook;
using testing::SmallClient;
using testing::those_with;
using testing::values_of;

DefenseContext context_of(const SmallClient& client) {
  return {42, 3, 5, 0, 1, nullptr, &client.own};
}

std::string test_name(const ::testing::TestParamInfo<std::string>& test) {
  std::string name = test.param;
  for (char& letter : name)
    if (letter == '-') letter = '_';
  return name;
}

// What every defense must keep, those added later included.
class EveryDefense : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryDefense, IsDocumentedAndItsDefaultsAreAllowed) {
  const auto& entry = defenses().find(GetParam());
  EXPECT_FALSE(entry.summary.empty());
  EXPECT_FALSE(entry.paper.empty());
  for (const OptionSpec& spec : entry.options) {
    EXPECT_EQ(violation(spec, spec.default_value), std::nullopt) << spec.name;
    EXPECT_FALSE(spec.help.empty()) << spec.name;
  }
  const Defense defense = make_defense(GetParam());
  EXPECT_EQ(defense.name, GetParam());
  EXPECT_EQ(defense.describe().find('\n'), std::string::npos);
  EXPECT_TRUE(defense.network || defense.batch || defense.step || defense.message);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryDefense, ::testing::ValuesIn(defenses().names()),
                         test_name);

// Of eight images of hospital 7.
class EveryBatchHook : public ::testing::TestWithParam<std::string> {
 protected:
  Batch batch(uint64_t step) const {
    RandomStream random({1, Purpose::kBatchTransform, 0, 0, step});
    return hook_->apply({7, 8, 2,
                         [this](const std::vector<int64_t>& of) {
                           const at::Tensor index = at::tensor(of, at::kLong);
                           return Batch{client_.shard.index_select(0, index), index.remainder(2)};
                         }},
                        {3, 0, 5}, &random);
  }
  std::unique_ptr<const BatchHook> hook_ = make_defense(GetParam()).batch;
  SmallClient client_{8};
};

TEST_P(EveryBatchHook, GivesAsManyImagesOfTheSameStreamTheSame) {
  const Batch first = batch(0), same = batch(0), other = batch(1);
  EXPECT_EQ(first.images.sizes(), at::IntArrayRef({3, 1, 5, 5}));
  EXPECT_EQ(first.images.scalar_type(), at::kFloat);
  EXPECT_EQ(first.labels.size(0), 3);
  EXPECT_GE(first.images.min().item<float>(), 0);
  EXPECT_LE(first.images.max().item<float>(), 1);
  EXPECT_TRUE(first.images.equal(same.images));
  EXPECT_TRUE(first.labels.equal(same.labels));
  EXPECT_FALSE(first.images.equal(other.images));
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryBatchHook, ::testing::ValuesIn(those_with(&Defense::batch)),
                         test_name);

class EveryStepHook : public ::testing::TestWithParam<std::string> {
 protected:
  std::vector<float> direction(uint64_t step) const {
    const auto gradient = hook_->start(client_.model, client_.weights);
    FlatParameters out(client_.model.layout());
    gradient->compute({batch_, 3, 3, 0, 1, {1, Purpose::kLocalNoise, 0, 0, step}}, &out);
    EXPECT_TRUE(out.all_finite());
    return values_of(out);
  }
  std::unique_ptr<const StepHook> hook_ = make_defense(GetParam()).step;
  SmallClient client_{3};
  Batch batch_ = {client_.shard, at::tensor({0, 1, 1}, at::kLong)};
};

TEST_P(EveryStepHook, SameStepGivesTheSameBitsAndNoiseIsNewForEveryOther) {
  hook_->check(client_.model);
  const std::vector<float> first = direction(0);
  EXPECT_EQ(direction(0), first);
  if (hook_->guarantee(0, 1).multiplier > 0) {
    EXPECT_NE(direction(1), first);
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryStepHook, ::testing::ValuesIn(those_with(&Defense::step)),
                         test_name);

class EveryMessageHook : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<const MessageHook> hook_ = make_hook(GetParam());
  SmallClient client_{3};
  DefenseContext context_ = context_of(client_);
  FlatParameters update_ = client_.update();
};

TEST_P(EveryMessageHook, ChangesValuesButNotTheLayout) {
  FlatParameters update = update_;
  hook_->apply(&update, context_);
  EXPECT_NE(values_of(update), values_of(update_)) << "norm " << update_.norm();
  EXPECT_TRUE(update.all_finite());
  ASSERT_EQ(update.layout().count(), update_.layout().count());
  for (int64_t i = 0; i < update.layout().count(); ++i) {
    EXPECT_EQ(update.layout()[i].name, update_.layout()[i].name);
    EXPECT_EQ(update.layout()[i].shape, update_.layout()[i].shape);
  }
  EXPECT_EQ(update.buffer().scalar_type(), at::kFloat);
}

TEST_P(EveryMessageHook, SameContextGivesTheSameBitsWhateverCameBefore) {
  const std::vector<float> first = defended(*hook_, update_, context_);
  const SmallClient other(2, "mlp", {{"hidden", "7"}});
  defended(*hook_, other.update(9), {1, 2, 3, 4, 0, nullptr, &other.own});
  EXPECT_EQ(defended(*hook_, update_, context_), first);
  EXPECT_EQ(defended(*make_hook(GetParam()), update_, context_), first);
}

TEST_P(EveryMessageHook, TouchesOnlyTheUpdateItIsGiven) {
  const FlatParameters other = update_;
  const std::vector<float> before = values_of(update_);
  FlatParameters update = update_;
  hook_->apply(&update, context_);
  EXPECT_EQ(values_of(other), before);
  EXPECT_EQ(values_of(update_), before);
}

TEST_P(EveryMessageHook, RandomOnesDifferInEveryPartOfTheContext) {
  const std::vector<float> base = defended(*hook_, update_, context_);
  DefenseContext other_seed = context_;
  ++other_seed.seed;
  const bool random = defended(*hook_, update_, other_seed) != base;
  DefenseContext contexts[4] = {context_, context_, context_, context_};
  ++contexts[0].round;
  ++contexts[1].client;
  ++contexts[2].message;
  ++contexts[3].position;
  for (const DefenseContext& context : contexts)
    EXPECT_EQ(defended(*hook_, update_, context) != base, random);
}

TEST_P(EveryMessageHook, TakesAnUpdateOfZeros) {
  FlatParameters zeros = update_;
  zeros.fill(0);
  hook_->apply(&zeros, context_);
  EXPECT_TRUE(zeros.all_finite());
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryMessageHook,
                         ::testing::ValuesIn(those_with(&Defense::message)), test_name);

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
