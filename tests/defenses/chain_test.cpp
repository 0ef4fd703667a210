#include <gtest/gtest.h>

#include "core/error.hpp"
#include "defenses/defense_chain.hpp"
#include "models/model.hpp"
#include "updates.hpp"

namespace medpfl {
namespace {

using namespace testing;

const DefenseContext kContext = {42, 3, 5, 2, 0};

DefenseChain chain_of(const std::vector<std::string>& names) {
  DefenseChain chain;
  for (const std::string& name : names) chain.append(make_defense(name));
  return chain;
}

std::vector<float> applied(const DefenseChain& chain, FlatParameters update,
                           const DefenseContext& context) {
  chain.apply(&update, context);
  return values_of(update);
}

TEST(Chain, NoneLeavesTheUpdate) {
  const DefenseChain chain;
  const FlatParameters update = random_update(100);
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(chain.describe(), "none");
  EXPECT_EQ(applied(chain, update, kContext), values_of(update));
}

TEST(Chain, OrderMatters) {
  const FlatParameters update = random_update(2000);
  FlatParameters clipped_last = update, clipped_first = update;
  chain_of({"gaussian", "clip"}).apply(&clipped_last, kContext);
  chain_of({"clip", "gaussian"}).apply(&clipped_first, kContext);
  EXPECT_NEAR(clipped_last.norm(), 1, 1e-5);
  EXPECT_GT(clipped_first.norm(), 1.05);  // sqrt(1 + 2000 * 0.01^2) = 1.095
}

TEST(Chain, EqualsItsDefensesOneByOne) {
  FlatParameters expected = random_update(300);
  const DefenseChain chain = chain_of({"clip", "laplace", "gaussian"});
  const std::vector<float> actual = applied(chain, expected, kContext);
  make_hook("clip")->apply(&expected, {42, 3, 5, 2, 0});
  make_hook("laplace")->apply(&expected, {42, 3, 5, 2, 1});
  make_hook("gaussian")->apply(&expected, {42, 3, 5, 2, 2});
  EXPECT_EQ(actual, values_of(expected));
  EXPECT_EQ(chain.describe(),
            "clip bound=1; laplace scale=0.01 relative=absolute; gaussian scale=0.01 "
            "relative=absolute");
}

TEST(Chain, EqualDefensesDrawTheirOwnNoise) {
  FlatParameters zeros = random_update(1000);
  zeros.fill(0);
  const std::vector<float> one = applied(chain_of({"gaussian"}), zeros, kContext);
  std::vector<float> twice = one;
  for (float& v : twice) v *= 2;
  EXPECT_NE(applied(chain_of({"gaussian", "gaussian"}), zeros, kContext), twice);
}

TEST(Chain, PositionIsItsOwnBusiness) {
  const FlatParameters update = random_update(100);
  const DefenseChain chain = chain_of({"gaussian"});
  EXPECT_EQ(applied(chain, update, {42, 3, 5, 2, 17}), applied(chain, update, {42, 3, 5, 2, 0}));
}

TEST(Chain, RefusesMoreThanItsStreamsHold) {
  DefenseChain chain;
  for (int64_t i = 0; i < kMaxDefenses; ++i) chain.append(make_defense("clip"));
  try {
    chain.append(make_defense("clip"));
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("more than 64"), std::string::npos) << error.what();
  }
}

TEST(Chain, OneActsInTheNetworkAndStandsAnywhere) {
  DefenseChain chain = chain_of({"clip", "precode"});
  ModelRequest request;
  request.input = {1, 5, 5};
  request.before_head = chain.network();
  const auto& mlp = models().find("mlp");
  const Model model = mlp.create(OptionValues::defaults(mlp.options), request);
  EXPECT_EQ(model.bottleneck().width, 256);
  EXPECT_EQ(model.bottleneck().weight, 0.001);
  EXPECT_EQ(model.layout()[model.layout().count() - 6].name, "precode.encoder.weight");
  EXPECT_FALSE(chain_of({"clip"}).network());
  EXPECT_EQ(chain.describe(), "clip bound=1; precode width=256 weight=0.001");
  EXPECT_THROW(chain.append(make_defense("precode")), ConfigError);
  EXPECT_NE(chain_of({"precode", "mixup", "clip"}).batch(), nullptr);
}

// Stands for any defense of these stages.
struct NoBatch final : BatchHook {
  Batch apply(const Shard& shard, const std::vector<int64_t>& positions,
              RandomStream*) const override {
    return shard.take(positions);
  }
  bool mixes() const override { return mixed; }
  bool mixed = false;
};
struct NoStep final : StepHook {
  void check(const Model&) const override {}
  std::unique_ptr<StepGradient> start(const Model&, const FlatParameters&) const override {
    return nullptr;
  }
  StepGuarantee guarantee(int64_t, int64_t) const override { return {multiplier, 1e-5}; }
  double multiplier = 0;
};
struct NoMessage final : MessageHook {
  void apply(FlatParameters*, const DefenseContext&) const override {}
};

Defense acting(const std::string& name, const std::string& stages, bool mixed = false,
               double multiplier = 0) {
  const auto acts = [&](char stage) { return stages.find(stage) != std::string::npos; };
  Defense defense;
  defense.name = name;
  defense.settings = "strength=1";
  if (acts('n')) defense.network = [](NetworkBuilder*) {};
  if (acts('b')) {
    auto batch = std::make_unique<NoBatch>();
    batch->mixed = mixed;
    defense.batch = std::move(batch);
  }
  if (acts('s')) {
    auto step = std::make_unique<NoStep>();
    step->multiplier = multiplier;
    defense.step = std::move(step);
  }
  if (acts('m')) defense.message = std::make_unique<NoMessage>();
  return defense;
}

std::string refusal(Defense first, Defense second) {
  DefenseChain chain;
  chain.append(std::move(first));
  try {
    chain.append(std::move(second));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Chain, OrderFollowsFromTheStagesAlone) {
  for (const auto& [first, second] : std::vector<std::pair<std::string, std::string>>{{"b", "s"},
                                                                                      {"b", "m"},
                                                                                      {"s", "m"},
                                                                                      {"m", "m"},
                                                                                      {"n", "b"},
                                                                                      {"m", "n"},
                                                                                      {"bm", "s"},
                                                                                      {"bm", "m"},
                                                                                      {"nb", "sm"}})
    EXPECT_EQ(refusal(acting("a", first), acting("z", second)), "") << first << ' ' << second;
  EXPECT_EQ(refusal(acting("a", "m"), acting("z", "s")),
            "defense.chain: z acts in the local steps, before a, which acts on messages: name z in "
            "front of a");
  for (const auto& [first, second] : std::vector<std::pair<std::string, std::string>>{
           {"s", "b"}, {"m", "b"}, {"sm", "b"}, {"m", "nb"}})
    EXPECT_NE(refusal(acting("a", first), acting("z", second))
                  .find("z acts on the images of the local steps, before a"),
              std::string::npos)
        << first << ' ' << second;
}

TEST(Chain, OnlyMessagesTakeMoreThanOne) {
  EXPECT_EQ(refusal(acting("a", "s"), acting("z", "sm")),
            "defense.chain: a and z both act in the local steps, where one can: leave one of them "
            "out");
  for (const char* stage : {"b", "s", "n"})
    EXPECT_NE(refusal(acting("a", stage), acting("z", stage)), "") << stage;
  EXPECT_EQ(refusal(acting("a", "m"), acting("z", "m")), "");
}

TEST(Chain, MixedImagesGoWithStepsThatGuaranteeNothingOfEach) {
  EXPECT_EQ(refusal(acting("a", "b", true), acting("z", "s", false, 0)), "");
  EXPECT_EQ(refusal(acting("a", "b", false), acting("z", "s", false, 1)), "");
  EXPECT_NE(refusal(acting("a", "b", true), acting("z", "s", false, 1))
                .find("z bounds what one image does to a gradient, and a puts an image"),
            std::string::npos);
}

TEST(Chain, WhatDoesNotActOnMessagesLeavesThemAndTheirGuarantee) {
  DefenseChain chain = chain_of({"clip", "gaussian"});
  const Guarantee before = chain.guarantee({});
  const FlatParameters update = random_update(100);
  const std::vector<float> message = applied(chain, update, kContext);
  chain.append(acting("z", "n"));
  EXPECT_EQ(applied(chain, update, kContext), message);
  EXPECT_EQ(chain.guarantee({}).multiplier, before.multiplier);
  EXPECT_EQ(chain.guarantee({}).noise, Guarantee::Noise::kGaussian);
  FlatParameters copy = update;
  EXPECT_EQ(chain.apply(&copy, kContext).size(), 3U);
  EXPECT_EQ(chain.number_formats().size(), 3U);
}

}  // namespace
}  // namespace medpfl
