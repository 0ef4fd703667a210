#include "results/capture/capture_policy.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace medpfl {
namespace {

ParameterLayout layout() {
  ParameterLayout out;
  out.add("conv1.weight", {2, 3});
  out.add("conv1.bias", {2});
  out.add("fc.weight", {4, 2});
  out.add("fc.bias", {4});
  return out;
}

std::string failure(const std::vector<std::string>& patterns) {
  try {
    select_layers(layout(), patterns);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(SelectLayers, ClosesUpInTheOrderOfTheLayout) {
  const auto layers = select_layers(layout(), {"fc.bias", "conv?.w*"});
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].tensor.name, "conv1.weight");
  EXPECT_EQ(layers[0].column, 0);
  EXPECT_EQ(layers[1].tensor.name, "fc.bias");
  EXPECT_EQ(layers[1].column, 6);
  EXPECT_EQ(layers[1].tensor.offset, 16);
  EXPECT_EQ(columns_of(layers), 10);
  EXPECT_EQ(columns_of(select_layers(layout(), {"all"})), layout().size());
  EXPECT_EQ(columns_of(select_layers(layout(), {"*", "fc*"})), layout().size());
}

TEST(SelectLayers, NamesTheNearestOfWhatIsUnknown) {
  EXPECT_EQ(failure({"conv1*", "fc.wieght"}),
            "output.layers: 'fc.wieght' is no parameter tensor of the network (did you mean "
            "fc.weight?); there are conv1.weight, conv1.bias, fc.weight, fc.bias");
  EXPECT_EQ(failure({"x*"}),
            "output.layers: 'x*' is no parameter tensor of the network; there are conv1.weight, "
            "conv1.bias, fc.weight, fc.bias");
  EXPECT_EQ(failure({}).rfind("output.layers is empty", 0), 0U);
}

TEST(CapturePolicy, AllConditionsMustHold) {
  RoundPlan plan;
  plan.round = 1;
  plan.clients = {0, 2, 3};
  plan.arrives = {true, true, true};
  plan.attacked = {false, true, true};
  plan.probes = {0, 2, 1};
  CapturePolicy policy;
  EXPECT_EQ(policy.rows(plan), 6);
  plan.arrives[0] = false;
  EXPECT_EQ(policy.rows(plan), 5);
  plan.arrives[0] = true;
  policy.gradients = CapturedMessages::kAttacked;
  EXPECT_EQ(policy.rows(plan), 5);
  policy.clients = Selection("0-2", 4, "output.clients");
  EXPECT_EQ(policy.rows(plan), 3);
  policy.rounds = Selection("last", 2, "output.rounds");
  EXPECT_EQ(policy.rows(plan), 3);
  policy.rounds = Selection("0", 2, "output.rounds");
  EXPECT_EQ(policy.rows(plan), 0);
  policy = CapturePolicy();
  policy.gradients = CapturedMessages::kNone;
  EXPECT_EQ(policy.rows(plan), 0);
}

TEST(Precision, Sizes) {
  EXPECT_EQ(value_bytes(Precision::kFloat32), 4);
  EXPECT_EQ(value_bytes(Precision::kFloat16), 2);
  EXPECT_EQ(value_bytes(Precision::kBfloat16), 2);
}

}  // namespace
}  // namespace medpfl
