#include <gtest/gtest.h>

#include "core/error.hpp"
#include "defenses/defense.hpp"
#include "models/bottleneck.hpp"
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
  make_defense("clip")->apply(&expected, {42, 3, 5, 2, 0});
  make_defense("laplace")->apply(&expected, {42, 3, 5, 2, 1});
  make_defense("gaussian")->apply(&expected, {42, 3, 5, 2, 2});
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

TEST(Chain, HoldsOneBottleneckAnywhere) {
  DefenseChain chain = chain_of({"clip", "precode"});
  ASSERT_NE(chain.bottleneck(), nullptr);
  EXPECT_EQ(chain.bottleneck()->width, 256);
  EXPECT_EQ(chain.bottleneck()->weight, 0.001);
  EXPECT_EQ(chain_of({"clip"}).bottleneck(), nullptr);
  EXPECT_EQ(chain.describe(), "clip bound=1; precode width=256 weight=0.001");
  EXPECT_THROW(chain.append(make_defense("precode")), ConfigError);
}

}  // namespace
}  // namespace medpfl
