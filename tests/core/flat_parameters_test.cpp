#include "core/flat_parameters.hpp"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "core/error.hpp"

namespace medpfl {
namespace {

ParameterLayout two_parameters() {
  ParameterLayout layout;
  layout.add("conv1.weight", {2, 3});
  layout.add("conv1.bias", {2});
  return layout;
}

// 1, 2, ... 8.
FlatParameters counting() {
  FlatParameters out(two_parameters());
  for (int64_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<float>(i + 1);
  return out;
}

std::string error_of_adding(const std::string& name, const std::vector<int64_t>& shape) {
  ParameterLayout layout = two_parameters();
  try {
    layout.add(name, shape);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInternal);
    EXPECT_EQ(layout.count(), 2) << "a refused parameter must leave nothing behind";
    return error.what();
  }
  return "";
}

TEST(ParameterLayout, CountsOffsetsInElements) {
  ParameterLayout layout = two_parameters();
  EXPECT_EQ(layout.add("scale", {}), 2);
  EXPECT_EQ(layout.size(), 9);
  EXPECT_EQ(layout.count(), 3);
  EXPECT_EQ(layout[0].offset, 0);
  EXPECT_EQ(layout[1].offset, 6);
  EXPECT_EQ(layout[1].size, 2);
  EXPECT_EQ(layout[2].offset, 8);
  EXPECT_EQ(layout[2].size, 1);
  EXPECT_EQ(layout[1].name, "conv1.bias");
  EXPECT_EQ(layout[0].shape, (std::vector<int64_t>{2, 3}));
}

TEST(ParameterLayout, RefusesEmptyAndRepeatedParameters) {
  EXPECT_EQ(error_of_adding("dense1.weight", {4, 0}), "parameter 'dense1.weight' is empty");
  EXPECT_EQ(error_of_adding("conv1.bias", {3}), "parameter 'conv1.bias' is declared twice");
}

TEST(FlatParameters, StartsAtZero) {
  const FlatParameters zero(two_parameters());
  EXPECT_EQ(zero.size(), 8);
  EXPECT_EQ(zero.norm(), 0);
  EXPECT_EQ(FlatParameters().size(), 0);
}

TEST(FlatParameters, ViewsShareMemory) {
  FlatParameters p = counting();
  at::Tensor weight = p.view(0);
  EXPECT_EQ(weight.sizes().vec(), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(weight[1][2].item<float>(), 6);
  weight[1][2].fill_(-1);
  EXPECT_EQ(p.data()[5], -1);
  p.data()[6] = 42;
  EXPECT_EQ(p.views()[1][0].item<float>(), 42);
}

TEST(FlatParameters, LeavesOfAutogradShareMemory) {
  FlatParameters p = counting();
  const std::vector<at::Tensor> leaves = p.views(true);
  ASSERT_EQ(leaves.size(), 2U);
  for (const at::Tensor& leaf : leaves) {
    EXPECT_TRUE(leaf.requires_grad());
    EXPECT_TRUE(leaf.is_leaf());
  }
  EXPECT_FALSE(p.views()[0].requires_grad());
  EXPECT_EQ(leaves[1].data_ptr<float>(), p.data() + 6);
}

TEST(FlatParameters, CopiesAreDeep) {
  FlatParameters original = counting();
  FlatParameters constructed(original);
  FlatParameters assigned(two_parameters());
  float* const memory = assigned.data();
  assigned = original;
  EXPECT_EQ(assigned.data(), memory) << "same size: views of the target must stay valid";
  FlatParameters grown;
  grown = original;
  original.fill(0);
  for (const FlatParameters* copy : {&constructed, &assigned, &grown}) {
    ASSERT_EQ(copy->size(), 8);
    EXPECT_EQ(copy->data()[7], 8);
  }
}

TEST(FlatParameters, MovesKeepTheMemory) {
  FlatParameters original = counting();
  const float* const memory = original.data();
  const FlatParameters moved(std::move(original));
  EXPECT_EQ(moved.data(), memory);
}

TEST(FlatParameters, AddAndMultiply) {
  FlatParameters p = counting();
  p.add(counting(), -0.5);
  EXPECT_EQ(p.data()[0], 0.5F);
  EXPECT_EQ(p.data()[7], 4);
  p.multiply(4);
  EXPECT_EQ(p.data()[7], 16);
}

TEST(FlatParameters, AssignTakesTensorsOfAnyStride) {
  FlatParameters p(two_parameters());
  const at::Tensor transposed = counting().view(0).t().contiguous().t();
  ASSERT_FALSE(transposed.is_contiguous());
  p.assign({transposed, at::full({2}, 9.0F)});
  EXPECT_EQ(p.data()[1], 2);
  EXPECT_EQ(p.data()[5], 6);
  EXPECT_EQ(p.data()[7], 9);
}

TEST(FlatParameters, NormIsAccumulatedInDoublePrecision) {
  EXPECT_DOUBLE_EQ(counting().norm(), std::sqrt(204.0));
  FlatParameters large(two_parameters());
  large.fill(1e30F);  // its square is beyond float32
  EXPECT_NEAR(large.norm() / (1e30 * std::sqrt(8.0)), 1, 1e-7);
}

TEST(FlatParameters, AllFiniteFindsOneBadEntry) {
  FlatParameters p = counting();
  EXPECT_TRUE(p.all_finite());
  p.data()[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(p.all_finite());
  p.data()[7] = -std::numeric_limits<float>::infinity();
  EXPECT_FALSE(p.all_finite());
}

TEST(ParameterLayout, StatisticsFollowTheParameters) {
  ParameterLayout layout;
  layout.add("conv.weight", {2, 3});
  layout.add("conv.bias", {2});
  EXPECT_EQ(layout.add_statistic("norm.running_mean", {2}), 2);
  EXPECT_EQ(layout.size(), 10);
  EXPECT_EQ(layout.trainable(), 8);
  EXPECT_EQ(layout.trainable_count(), 2);
  EXPECT_TRUE(layout[2].statistic);
  EXPECT_FALSE(layout[1].statistic);
  EXPECT_THROW(layout.add("late", {1}), Error);
}

TEST(FlatParameters, AStepDescendsAlongParametersAndAddsTheChangeOfStatistics) {
  ParameterLayout layout;
  layout.add("weight", {2});
  layout.add_statistic("mean", {1});
  FlatParameters weights(layout), gradient(layout);
  weights.fill(1);
  gradient.fill(2);
  weights.step(gradient, 0.25);
  EXPECT_EQ(weights.data()[0], 0.5F);
  EXPECT_EQ(weights.data()[1], 0.5F);
  EXPECT_EQ(weights.data()[2], 3);
  weights.step(gradient, 0, 0.5);
  EXPECT_EQ(weights.data()[1], 0.5F);
  EXPECT_EQ(weights.data()[2], 4);
  const std::vector<at::Tensor> leaves = weights.views(true);
  EXPECT_TRUE(leaves[0].requires_grad());
  EXPECT_FALSE(leaves[1].requires_grad());
}

}  // namespace
}  // namespace medpfl
