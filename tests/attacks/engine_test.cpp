#include <ATen/ops/from_blob.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <string>
#include <tuple>

#include "attacks/distances/gradient_distance.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "observations.hpp"

namespace medpfl::engine_test {
namespace {

using observations::build;
using observations::noise_images;
using observations::observe;

constexpr int64_t kSize = 16, kClasses = 4;

std::vector<at::Tensor> in_double(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> out;
  for (const at::Tensor& t : tensors)
    out.push_back(t.detach().to(at::kDouble).set_requires_grad(t.requires_grad()));
  return out;
}

// The objective from its definition, in double: an engine apart from the one under test.
double reference_objective(const Model& model, const Observation& seen, const at::Tensor& images,
                           const Candidate& knowledge, const at::Tensor& label_logits,
                           bool relative) {
  const std::vector<at::Tensor> weights = in_double(seen.weights.views(true));
  const at::Tensor logits = model.forward(weights, images);
  at::Tensor error = knowledge.output_error;
  at::Tensor loss;
  if (error.defined()) {
    loss = logits.mul(error.to(at::kDouble)).sum();
  } else {
    at::Tensor target;
    if (label_logits.defined()) {
      target = at::softmax(label_logits, 1);
    } else {
      target = at::empty({images.size(0), kClasses}, at::kDouble).fill_(0);
      for (int64_t i = 0; i < images.size(0); ++i)
        target[i][knowledge.labels[i].item<int64_t>()].fill_(1);
    }
    loss =
        target.mul(at::log_softmax(logits, 1)).sum().neg().div(static_cast<double>(images.size(0)));
  }
  const std::vector<at::Tensor> parameters(weights.begin(),
                                           weights.begin() + model.layout().trainable_count());
  const auto dummy = torch::autograd::grad({loss}, parameters, {}, false, false, true);
  double distance = 0, energy = 0;
  for (size_t i = 0; i < dummy.size(); ++i) {
    const at::Tensor observed = seen.gradient.view(static_cast<int64_t>(i)).to(at::kDouble);
    distance += dummy[i].sub(observed).square().sum().item<double>();
    energy += observed.square().sum().item<double>();
  }
  return relative ? distance / energy : distance;
}

enum class Labels { kHard, kSoft, kFixedError };

struct Case {
  std::string model, activation, objective;
  Labels labels;
  int64_t batch;
  NormMode norm_mode = NormMode::kEval;
};

Model model_of(const Case& c) {
  if (c.model == "mlp") return build("mlp", kSize, kClasses, c.activation, {{"hidden", "16"}});
  if (c.model == "resnet20")
    return build("resnet20", kSize, kClasses, c.activation, {{"width", "2"}}, c.norm_mode);
  return build(c.model, kSize, kClasses, c.activation);
}

class EngineGradient : public ::testing::TestWithParam<std::tuple<std::string, Case>> {};

TEST_P(EngineGradient, AgreesWithCentralDifferences) {
  const std::string& engine_name = std::get<0>(GetParam());
  const Case& c = std::get<1>(GetParam());
  const Model model = model_of(c);
  std::vector<int64_t> truth(static_cast<size_t>(c.batch), 2);
  truth[0] = 1;
  const Observation seen = observe(model, noise_images(c.batch, kSize, 11), truth);

  Candidate candidate;
  candidate.images = noise_images(c.batch, kSize, 12);
  at::Tensor label_logits;
  if (c.labels == Labels::kHard) candidate.labels = at::tensor(truth, at::kLong);
  if (c.labels == Labels::kSoft) {
    label_logits =
        noise_images(1, 4, 13).flatten().slice(0, 0, c.batch * kClasses).view({c.batch, kClasses});
    candidate.label_logits = label_logits.clone();
  }
  if (c.labels == Labels::kFixedError)
    candidate.output_error = seen.gradient.view(model.head().bias).view({1, kClasses}).clone();

  const auto objective =
      make_gradient_distance({words_of(DistanceKind()).parse(c.objective)}, seen.gradient);
  const auto engine =
      make_engine(words_of(EngineKind()).parse(engine_name), model, seen, *objective);
  CandidateGradient gradient;
  const double value = engine->evaluate(candidate, &gradient);

  const at::Tensor images = candidate.images.to(at::kDouble);
  const at::Tensor logits = label_logits.defined() ? label_logits.to(at::kDouble) : at::Tensor();
  const auto reference = [&] {
    return reference_objective(model, seen, images, candidate, logits,
                               c.objective == "relative-l2");
  };
  EXPECT_NEAR(value, reference(), 1e-5 * std::abs(reference()));

  const double bound = engine_name == "pearlmutter" ? 1e-2 : 1e-4;
  const auto expect_same = [&](const at::Tensor& point, const at::Tensor& found, int64_t stride) {
    const double largest = found.abs().max().item<double>();
    ASSERT_GT(largest, 0);
    double* x = point.data_ptr<double>();
    for (int64_t i = 0; i < point.numel(); i += stride) {
      constexpr double kStep = 1e-4;
      const double kept = x[i];
      x[i] = kept + kStep;
      const double above = reference();
      x[i] = kept - kStep;
      const double below = reference();
      x[i] = kept;
      EXPECT_NEAR(found.data_ptr<float>()[i], (above - below) / (2 * kStep), bound * largest) << i;
    }
  };
  ASSERT_TRUE(gradient.images.sizes() == candidate.images.sizes());
  expect_same(images, gradient.images, 17);
  EXPECT_EQ(gradient.label_logits.defined(), c.labels == Labels::kSoft);
  if (c.labels == Labels::kSoft) {
    ASSERT_TRUE(gradient.label_logits.sizes() == label_logits.sizes());
    expect_same(logits, gradient.label_logits, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Engine, EngineGradient,
    ::testing::Combine(::testing::Values("exact", "pearlmutter", "native"),
                       ::testing::Values(Case{"lenet-dlg", "auto", "l2", Labels::kHard, 1},
                                         Case{"lenet-dlg", "auto", "relative-l2", Labels::kHard, 3},
                                         Case{"lenet-dlg", "auto", "l2", Labels::kSoft, 2},
                                         Case{"lenet-dlg", "auto", "relative-l2",
                                              Labels::kFixedError, 1},
                                         Case{"mlp", "sigmoid", "l2", Labels::kHard, 2},
                                         Case{"mlp", "sigmoid", "relative-l2", Labels::kSoft, 1},
                                         Case{"mlp", "sigmoid", "l2", Labels::kFixedError, 1})));
INSTANTIATE_TEST_SUITE_P(
    Residual, EngineGradient,
    ::testing::Combine(::testing::Values("exact", "pearlmutter"),
                       ::testing::Values(Case{"resnet20", "silu", "relative-l2", Labels::kHard, 2},
                                         Case{"resnet20", "silu", "relative-l2", Labels::kHard, 2,
                                              NormMode::kTrain})));

class EveryEngine : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Engine, EveryEngine, ::testing::Values("exact", "pearlmutter", "native"));

TEST_P(EveryEngine, IsZeroAtTheTruth) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const at::Tensor images = noise_images(2, kSize, 11);
  const Observation seen = observe(model, images, {3, 0});
  const auto objective = make_gradient_distance({DistanceKind::kRelativeL2}, seen.gradient);
  const auto engine =
      make_engine(words_of(EngineKind()).parse(GetParam()), model, seen, *objective);
  Candidate candidate;
  candidate.images = images;
  candidate.labels = at::tensor(std::vector<int64_t>{3, 0}, at::kLong);
  CandidateGradient gradient;
  EXPECT_LT(engine->evaluate(candidate, &gradient), 1e-12);
  EXPECT_LT(gradient.images.abs().max().item<double>(), 1e-6);
  candidate.labels = at::tensor(std::vector<int64_t>{0, 3}, at::kLong);
  EXPECT_GT(engine->evaluate(candidate, &gradient), 1e-3) << "labels must matter";
}

TEST_P(EveryEngine, LeavesTheCandidateAlone) {
  const Model model = build("mlp", kSize, kClasses, "sigmoid", {{"hidden", "8"}});
  const Observation seen = observe(model, noise_images(1, kSize, 11), {1});
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  const auto engine =
      make_engine(words_of(EngineKind()).parse(GetParam()), model, seen, *objective);
  Candidate candidate;
  candidate.images = noise_images(1, kSize, 12);
  candidate.labels = at::tensor(std::vector<int64_t>{1}, at::kLong);
  const at::Tensor before = candidate.images.clone();
  CandidateGradient first, second;
  const double value = engine->evaluate(candidate, &first);
  EXPECT_EQ(engine->evaluate(candidate, &second), value);
  EXPECT_TRUE(first.images.equal(second.images));
  EXPECT_TRUE(candidate.images.equal(before));
  EXPECT_FALSE(candidate.images.requires_grad());
}

// "cpu:0" takes the way of a GPU, copies and all; see tests/models/device_views_test.cpp.
TEST(ExactEngine, SameValuesThroughCopies) {
  Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen = observe(model, noise_images(2, kSize, 1), {1, 3});
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  const auto direct = make_exact_engine(model, seen, *objective);
  model.compute_on(at::Device(at::kCPU, 0));
  const auto staged = make_exact_engine(model, seen, *objective);
  for (const bool joint : {false, true}) {
    Candidate candidate;
    candidate.images = noise_images(2, kSize, 2);
    candidate.labels = at::tensor(std::vector<int64_t>{1, 3}, at::kLong);
    if (joint) candidate.label_logits = noise_images(2, 2, 3).view({2, kClasses});
    CandidateGradient a, b;
    model.compute_on(at::kCPU);
    const double value = direct->evaluate(candidate, &a);
    model.compute_on(at::Device(at::kCPU, 0));
    EXPECT_EQ(staged->evaluate(candidate, &b), value);
    EXPECT_GT(value, 0);
    EXPECT_TRUE(a.images.equal(b.images));
    EXPECT_EQ(a.label_logits.defined(), joint);
    if (joint) {
      EXPECT_TRUE(a.label_logits.equal(b.label_logits));
    }
  }
}

}  // namespace
}  // namespace medpfl::engine_test
