#include "models/example_gradients.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/tensor.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <memory>
#include <string>

#include "core/error.hpp"
#include "core/random.hpp"
#include "models/differentiator.hpp"

namespace medpfl {
namespace {

constexpr int64_t kBatch = 5;

struct Network {
  std::string name;
  std::vector<std::pair<std::string, std::string>> own;
  int64_t image_size = 12;
  int64_t imprint_rows = 0;
};

Model make_model(const Network& network, NormMode mode = NormMode::kEval,
                 at::Device device = at::kCPU) {
  const auto& entry = models().find(network.name);
  OptionValues own = OptionValues::defaults(entry.options);
  for (const auto& [option, value] : network.own) own.set(option, value);
  ModelRequest request;
  request.input = {3, network.image_size, network.image_size};
  request.classes = 4;
  request.norm_mode = mode;
  request.imprint_rows = network.imprint_rows;
  request.normalization = {{0.4, 0.5, 0.6}, {0.2, 0.3, 0.25}};
  Model model = entry.create(own, request);
  model.compute_on(device);
  return model;
}

// Random weights, norm layers' included, so that none is at a value that hides a factor.
FlatParameters random_weights(const Model& model) {
  FlatParameters weights = initial_weights(model, {InitKind::kPytorch, 0}, 3);
  RandomStream random({3, Purpose::kBenchmark, 0, 0, 0});
  for (int64_t i = 0; i < weights.layout().trainable(); ++i)
    weights.data()[i] += static_cast<float>(0.05 * random.normal());
  for (int64_t i = weights.layout().trainable(); i < weights.size(); ++i)
    weights.data()[i] = static_cast<float>(random.uniform(0.5, 1.5));
  return weights;
}

at::Tensor random_images(int64_t n, int64_t size) {
  RandomStream random({4, Purpose::kBenchmark, 0, 0, 0});
  std::vector<float> pixels(static_cast<size_t>(n * 3 * size * size));
  for (float& p : pixels) p = static_cast<float>(random.uniform());
  return at::from_blob(pixels.data(), {n, 3, size, size}, at::kFloat).clone();
}

double distance(FlatParameters a, const FlatParameters& b) {
  a.add(b, -1);
  return a.norm();
}

class EveryNetwork : public ::testing::TestWithParam<Network> {};

// The reference: one backward pass an example.
TEST_P(EveryNetwork, NormsAndClippedSumsAreThoseOfSingleExamples) {
  const Model model = make_model(GetParam());
  const FlatParameters weights = random_weights(model);
  const at::Tensor images = random_images(kBatch, GetParam().image_size);
  const at::Tensor labels = at::tensor({0, 3, 1, 2, 2}, at::kLong);
  const Differentiator single(model, weights);
  std::vector<FlatParameters> gradients;
  std::vector<double> expected;
  double loss = 0;
  for (int64_t b = 0; b < kBatch; ++b) {
    gradients.emplace_back(model.layout());
    loss +=
        single.gradient(images.slice(0, b, b + 1), labels.slice(0, b, b + 1), &gradients.back()) /
        kBatch;
    expected.push_back(gradients.back().norm());
  }
  std::vector<double> ordered = expected;
  std::sort(ordered.begin(), ordered.end());
  // None is clipped, some are, all are.
  for (const double bound : {2 * ordered.back(), ordered[kBatch / 2], 0.1 * ordered.front()}) {
    FlatParameters sum(model.layout()), by_hand(model.layout());
    for (size_t b = 0; b < gradients.size(); ++b)
      by_hand.add(gradients[b], std::min(1.0, bound / expected[b]));
    sum.fill(7);
    std::vector<double> norms;
    EXPECT_NEAR(ExampleGradients(model, weights).clipped_sum(images, labels, bound, &sum, &norms),
                loss, 1e-5);
    ASSERT_EQ(norms.size(), expected.size());
    for (size_t b = 0; b < norms.size(); ++b) EXPECT_NEAR(norms[b] / expected[b], 1, 2e-5);
    EXPECT_LT(distance(sum, by_hand), 3e-5 * by_hand.norm()) << "bound " << bound;
    EXPECT_GT(by_hand.norm(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, EveryNetwork,
    ::testing::Values(Network{"mlp", {}}, Network{"lenet-dlg", {}, 16},
                      Network{"convnet-small", {{"norm", "group"}, {"width", "8"}}, 16},
                      Network{"convnet-small", {{"norm", "none"}, {"width", "6"}}, 16},
                      Network{"convnet", {{"norm", "group"}, {"width", "8"}}},
                      Network{"convnet", {{"norm", "batch"}, {"width", "4"}}},
                      Network{"resnet18", {{"norm", "group"}, {"width", "8"}}, 16},
                      Network{"resnet20", {{"norm", "batch"}, {"width", "4"}}, 16},
                      Network{"mlp", {}, 8, 6}),
    [](const auto& test) {
      std::string name = test.param.name + std::to_string(test.index);
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(ExampleGradients, FollowWeightsThatChange) {
  const Model model = make_model({"mlp", {}});
  FlatParameters weights = random_weights(model), first(model.layout()), second(model.layout());
  const ExampleGradients examples(model, weights);
  const at::Tensor images = random_images(2, 12), labels = at::tensor({1, 2}, at::kLong);
  examples.clipped_sum(images, labels, 1, &first);
  weights.multiply(0.5);
  examples.clipped_sum(images, labels, 1, &second);
  EXPECT_GT(distance(first, second), 1e-3);
  ExampleGradients(model, weights).clipped_sum(images, labels, 1, &first);
  EXPECT_EQ(distance(first, second), 0);
}

TEST(ExampleGradients, AreTheSameThroughCopiesToADevice) {
  const Network network{"convnet-small", {{"width", "6"}}, 16};
  const Model here = make_model(network);
  const Model there = make_model(network, NormMode::kEval, at::Device(at::kCPU, 0));
  const FlatParameters weights = random_weights(here);
  const at::Tensor images = random_images(3, 16), labels = at::tensor({1, 2, 0}, at::kLong);
  FlatParameters a(here.layout()), b(here.layout());
  ExampleGradients(here, weights).clipped_sum(images, labels, 0.3, &a);
  ExampleGradients(there, weights).clipped_sum(images, labels, 0.3, &b);
  EXPECT_EQ(distance(a, b), 0);
  EXPECT_GT(a.norm(), 0);
}

TEST(ExampleGradients, BatchNormOfTheBatchIsRefusedAndGroupNormNamed) {
  const Model model =
      make_model({"convnet", {{"norm", "batch"}, {"width", "4"}}}, NormMode::kTrain);
  const FlatParameters weights = random_weights(model);
  try {
    ExampleGradients(model, weights);
    FAIL() << "nothing was refused";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "convnet has no gradients of single examples: bn0.weight under "
                 "model.norm_mode=train mixes those of a batch; use GroupNorm "
                 "(--model.convnet.norm=group), or model.norm_mode=eval");
  }
}

// A step of batch 32 on the ConvNet of the attack papers, plain and by examples.
class Step {
 public:
  explicit Step(const std::string& width)
      : model_(make_model({"convnet", {{"norm", "group"}, {"width", width}}, 32})),
        weights_(random_weights(model_)),
        single_(model_, weights_),
        examples_(model_, weights_),
        images_(random_images(kImages, 32)),
        labels_(at::remainder(at::arange(kImages), 4)),
        sum_(model_.layout()) {}

  void plain() { single_.gradient(images_, labels_, &sum_); }
  void by_examples() { examples_.clipped_sum(images_, labels_, 1, &sum_); }
  int64_t bytes_of_gradients() const { return kImages * sum_.size() * 4; }

 private:
  static constexpr int64_t kImages = 32;
  Model model_;
  FlatParameters weights_;
  Differentiator single_;
  ExampleGradients examples_;
  at::Tensor images_, labels_;
  FlatParameters sum_;
};

TEST(ExampleGradients, AStepCostsAtMostThreePlainOnes) {
  Step step("16");
  const auto cpu_time = [](const auto& action) {
    const std::clock_t start = std::clock();
    action();
    return static_cast<double>(std::clock() - start);
  };
  step.plain();
  step.by_examples();
  std::vector<double> ratios(5);
  for (double& ratio : ratios) {
    const double plain = cpu_time([&] { step.plain(); });
    ratio = cpu_time([&] { step.by_examples(); }) / plain;
  }
  std::sort(ratios.begin(), ratios.end());
  EXPECT_LE(ratios[2], 3);
  RecordProperty("times_a_plain_step", std::to_string(ratios[2]));
}

// The totals of a report are int64_t in LibTorch 1.13 and size_t in 2.6.
template <typename Total>
Total total_of(void (c10::MemoryReportingInfoBase::*)(void*, int64_t, Total, Total, c10::Device));
using Total = decltype(total_of(&c10::MemoryReportingInfoBase::reportMemoryUsage));

// The most bytes of tensors that live at once, of those made since its start.
class PeakOfTensors final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t size, Total, Total, c10::Device) override {
    now_ += size;  // below 0 where memory is given back
    peak_ = std::max(peak_, now_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t peak() const { return peak_; }

 private:
  int64_t now_ = 0, peak_ = 0;
};

TEST(ExampleGradients, TakeLessMemoryThanTheGradientsOfAllExamples) {
  Step step("64");
  const auto peak = [](const auto& action) {
    const auto report = std::make_shared<PeakOfTensors>();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, report);
    action();
    return report->peak();
  };
  const int64_t plain = peak([&] { step.plain(); });
  const int64_t by_examples = peak([&] { step.by_examples(); });
  EXPECT_GT(plain, 0);
  EXPECT_LT(by_examples - plain, step.bytes_of_gradients());
  RecordProperty("bytes_over_a_plain_step", std::to_string(by_examples - plain));
}

TEST(ExampleGradients, GradientsThatAreNotFiniteAreRefused) {
  const Model model = make_model({"mlp", {}});
  FlatParameters weights = random_weights(model), sum(model.layout());
  weights.fill(1e30F);
  EXPECT_THROW(ExampleGradients(model, weights)
                   .clipped_sum(random_images(2, 12), at::tensor({0, 1}, at::kLong), 1, &sum),
               NumericError);
}

}  // namespace
}  // namespace medpfl
