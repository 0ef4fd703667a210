// Updates of several local steps: the simulated training and the surrogate against their
// definitions in double, and what an attack finds with them.
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "attacks/attack.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "core/error.hpp"
#include "metrics/image.hpp"
#include "observations.hpp"

namespace medpfl::updates_test {
namespace {

using observations::build;
using observations::noise_images;
using observations::phantom_image;

constexpr int64_t kSize = 16, kClasses = 4;

struct Local {
  int64_t steps, batch;  // batch: 0, all
  double rate;
};

// What the server sees of SGD on these images in this order.
Observation observe_update(const Model& model, const at::Tensor& images,
                           const std::vector<int64_t>& labels, const Local& local,
                           const Initialization& init = {InitKind::kUniform, 0.5}) {
  Observation seen;
  seen.weights = initial_weights(model, init, 1);
  seen.gradient = FlatParameters(model.layout());
  seen.batch = images.size(0);
  seen.steps = local.steps;
  seen.local_batch = local.batch;
  seen.rate = local.rate;
  FlatParameters weights = seen.weights, gradient(model.layout());
  const Differentiator differentiator(model, weights);
  const at::Tensor classes = at::tensor(labels, at::kLong);
  const int64_t size = local.batch > 0 ? local.batch : seen.batch;
  for (int64_t step = 0, at = 0; step < local.steps; ++step) {
    const int64_t end = std::min(at + size, seen.batch);
    differentiator.gradient(images.slice(0, at, end), classes.slice(0, at, end), &gradient);
    weights.step(gradient, local.rate);
    seen.gradient.add(gradient, 1 / static_cast<double>(local.steps));
    at = end == seen.batch ? 0 : end;
  }
  return seen;
}

std::vector<int64_t> classes_of(int64_t batch) {
  std::vector<int64_t> labels;
  for (int64_t b = 0; b < batch; ++b) labels.push_back((3 * b + 1) % kClasses);
  return labels;
}

// The objective l2 from the definitions, in double and without graphs of second order.
class Reference {
 public:
  Reference(const Model& model, const Observation& seen) : model_(model), seen_(seen) {
    for (const at::Tensor& w : seen.weights.views()) first_.push_back(w.to(at::kDouble));
    for (int64_t i = 0; i < model.layout().trainable_count(); ++i)
      observed_.push_back(seen.gradient.view(i).to(at::kDouble));
  }

  // targets: double [B, classes], of each image.
  double unroll(const at::Tensor& images, const at::Tensor& targets) const {
    std::vector<at::Tensor> weights = first_, sum;
    const int64_t batch = images.size(0), size = seen_.local_batch > 0 ? seen_.local_batch : batch;
    for (int64_t step = 0, at = 0; step < seen_.steps; ++step) {
      const int64_t end = std::min(at + size, batch);
      const auto g = gradient(weights, images.slice(0, at, end), targets.slice(0, at, end));
      for (size_t i = 0; i < g.size(); ++i) weights[i] = weights[i].sub(g[i], seen_.rate);
      at = end == batch ? 0 : end;
    }
    for (size_t i = 0; i < observed_.size(); ++i)
      sum.push_back(first_[i].sub(weights[i]).div(seen_.rate * static_cast<double>(seen_.steps)));
    return distance(sum);
  }

  double sme(const at::Tensor& images, const at::Tensor& targets, double place) const {
    std::vector<at::Tensor> weights = first_;
    for (size_t i = 0; i < observed_.size(); ++i)
      weights[i] =
          weights[i].sub(observed_[i], place * seen_.rate * static_cast<double>(seen_.steps));
    return distance(gradient(weights, images, targets));
  }

 private:
  std::vector<at::Tensor> gradient(const std::vector<at::Tensor>& weights, const at::Tensor& images,
                                   const at::Tensor& targets) const {
    std::vector<at::Tensor> leaves;
    for (size_t i = 0; i < weights.size(); ++i)
      leaves.push_back(weights[i].detach().set_requires_grad(i < observed_.size()));
    const at::Tensor logits = model_.forward(leaves, images);
    const at::Tensor loss = targets.mul(at::log_softmax(logits, 1)).sum(1).mean().neg();
    leaves.resize(observed_.size());
    return torch::autograd::grad({loss}, leaves);
  }

  double distance(const std::vector<at::Tensor>& found) const {
    double sum = 0;
    for (size_t i = 0; i < found.size(); ++i)
      sum += found[i].sub(observed_[i]).square().sum().item<double>();
    return sum;
  }

  const Model& model_;
  const Observation& seen_;
  std::vector<at::Tensor> first_, observed_;
};

struct Case {
  UpdateRule update;
  std::string model;
  bool soft;
  int64_t batch;
  Local local;
  NormMode norm_mode = NormMode::kEval;
};

class UpdateGradient : public ::testing::TestWithParam<Case> {};

TEST_P(UpdateGradient, AgreesWithCentralDifferences) {
  const Case& c = GetParam();
  const std::vector<std::pair<std::string, std::string>> options =
      c.model == "resnet20" ? std::vector<std::pair<std::string, std::string>>{{"width", "2"}}
                            : std::vector<std::pair<std::string, std::string>>{};
  const Model model = build(c.model, kSize, kClasses, c.model == "resnet20" ? "silu" : "sigmoid",
                            options, c.norm_mode);
  const std::vector<int64_t> labels = classes_of(c.batch);
  const Observation seen = observe_update(model, noise_images(c.batch, kSize, 11), labels, c.local);
  const Reference reference(model, seen);

  Candidate candidate;
  candidate.images = noise_images(c.batch, kSize, 12);
  candidate.surrogate = 0.3;
  const at::Tensor logits = noise_images(1, 8, 13)
                                .flatten()
                                .slice(0, 0, c.batch * kClasses)
                                .view({c.batch, kClasses})
                                .to(at::kDouble);
  if (c.soft)
    candidate.label_logits = logits.to(at::kFloat);
  else
    candidate.labels = at::tensor(labels, at::kLong);
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  const auto engine = make_update_engine(c.update, {}, model, seen, *objective);
  CandidateGradient gradient;
  const double value = engine->evaluate(candidate, &gradient);

  const at::Tensor images = candidate.images.to(at::kDouble);
  double place = 0.3;
  const auto at_point = [&] {
    const at::Tensor targets =
        c.soft ? at::softmax(logits, 1)
               : at::one_hot(at::tensor(labels, at::kLong), kClasses).to(at::kDouble);
    return c.update == UpdateRule::kSme ? reference.sme(images, targets, place)
                                        : reference.unroll(images, targets);
  };
  EXPECT_NEAR(value, at_point(), 2e-5 * at_point());
  constexpr double kStep = 1e-4;
  const auto slope = [&](double* x) {
    const double kept = *x;
    *x = kept + kStep;
    const double above = at_point();
    *x = kept - kStep;
    const double below = at_point();
    *x = kept;
    return (above - below) / (2 * kStep);
  };
  const auto expect_same = [&](const at::Tensor& point, const at::Tensor& found, int64_t stride) {
    ASSERT_TRUE(found.sizes() == point.sizes());
    const double largest = found.abs().max().item<double>();
    ASSERT_GT(largest, 0);
    for (int64_t i = 0; i < point.numel(); i += stride)
      EXPECT_NEAR(found.data_ptr<float>()[i], slope(point.data_ptr<double>() + i), 3e-4 * largest)
          << i;
  };
  expect_same(images, gradient.images, 23);
  ASSERT_EQ(gradient.label_logits.defined(), c.soft);
  if (c.soft) expect_same(logits, gradient.label_logits, 1);
  if (c.update != UpdateRule::kSme) return;
  const double by_place = slope(&place);
  EXPECT_GT(std::abs(by_place), 1e-6);
  EXPECT_NEAR(gradient.surrogate, by_place, 1e-3 * std::abs(by_place));
}

// Three steps see five images once; four begin the next epoch.
INSTANTIATE_TEST_SUITE_P(
    Updates, UpdateGradient,
    ::testing::Values(Case{UpdateRule::kUnroll, "lenet-dlg", false, 5, {4, 2, 0.5}},
                      Case{UpdateRule::kUnroll, "lenet-dlg", true, 3, {3, 1, 0.5}},
                      Case{UpdateRule::kUnroll, "mlp", false, 2, {5, 0, 0.2}},
                      Case{
                          UpdateRule::kUnroll, "resnet20", false, 4, {2, 2, 0.1}, NormMode::kTrain},
                      Case{UpdateRule::kSme, "lenet-dlg", false, 5, {4, 2, 0.5}},
                      Case{UpdateRule::kSme, "lenet-dlg", true, 3, {3, 1, 0.5}},
                      Case{UpdateRule::kSme, "resnet20", false, 4, {2, 2, 0.1}, NormMode::kTrain}),
    [](const auto& test) {
      std::string name = word_of(test.param.update) + "_" + test.param.model + "_" +
                         std::to_string(test.param.local.steps) + (test.param.soft ? "_soft" : "");
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(Unroll, IsZeroAtTheTruthWhereOneGradientIsNot) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const at::Tensor images = noise_images(5, kSize, 11);
  const Observation seen = observe_update(model, images, classes_of(5), {6, 2, 0.5});
  const auto objective = make_gradient_distance({DistanceKind::kRelativeL2}, seen.gradient);
  Candidate candidate;
  candidate.images = images;
  candidate.labels = at::tensor(classes_of(5), at::kLong);
  CandidateGradient gradient;
  const auto value = [&](UpdateRule update) {
    return make_update_engine(update, EngineKind::kExact, model, seen, *objective)
        ->evaluate(candidate, &gradient);
  };
  EXPECT_GT(value(UpdateRule::kGradient), 1e-3);
  EXPECT_LT(value(UpdateRule::kUnroll), 1e-12);
  EXPECT_LT(gradient.images.abs().max().item<double>(), 1e-6);
}

// Batches grow rather than leave images out.
TEST(Unroll, AGuessOfFewStepsStillSeesEveryImage) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen =
      observe_update(model, noise_images(6, kSize, 11), classes_of(6), {6, 1, 0.5});
  const Observation two = assuming(seen, {2, 0, 0});
  const auto objective = make_gradient_distance({DistanceKind::kCosine}, two.gradient);
  Candidate candidate;
  candidate.images = noise_images(6, kSize, 12);
  candidate.labels = at::tensor(classes_of(6), at::kLong);
  CandidateGradient gradient;
  make_unroll_engine(model, two, *objective)->evaluate(candidate, &gradient);
  for (int64_t i = 0; i < 6; ++i) EXPECT_GT(gradient.images[i].abs().max().item<double>(), 0) << i;
}

TEST(Sme, AtTheFirstWeightsIsTheExactEngine) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen =
      observe_update(model, noise_images(3, kSize, 11), classes_of(3), {3, 1, 0.5});
  const auto objective = make_gradient_distance({DistanceKind::kCosine}, seen.gradient);
  Candidate candidate;
  candidate.images = noise_images(3, kSize, 12);
  candidate.labels = at::tensor(classes_of(3), at::kLong);
  CandidateGradient a, b;
  const auto sme = make_sme_engine(model, seen, *objective);
  const double value = make_exact_engine(model, seen, *objective)->evaluate(candidate, &a);
  EXPECT_EQ(sme->evaluate(candidate, &b), value);
  EXPECT_TRUE(a.images.equal(b.images));
  candidate.surrogate = 1;
  EXPECT_NE(sme->evaluate(candidate, &b), value);
}

TEST(Assuming, ScalesTheGradientByWhatItThinksTheStepsWere) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen =
      observe_update(model, noise_images(2, kSize, 11), classes_of(2), {4, 1, 0.5});
  const Observation other = assuming(seen, {8, 2, 0.1});
  EXPECT_EQ(other.steps, 8);
  EXPECT_EQ(other.local_batch, 2);
  EXPECT_EQ(other.rate, 0.1);
  EXPECT_NEAR(other.gradient.norm(), seen.gradient.norm() * (4 * 0.5) / (8 * 0.1), 1e-5);
  const Observation same = assuming(seen, {});
  EXPECT_EQ(same.gradient.norm(), seen.gradient.norm());
  EXPECT_EQ(same.steps, 4);
}

using Options = std::vector<std::pair<std::string, std::string>>;

std::unique_ptr<Attack> make_attack(const std::string& name, const Options& set,
                                    const AttackRequest& request = {}) {
  const auto& entry = attacks().find(name);
  OptionValues own = OptionValues::defaults(entry.options);
  for (const auto& [option, value] : set) own.set(option, value);
  return entry.create(own, request);
}

AttackOrder go_on(const AttackProgress&) { return AttackOrder::kGoOn; }

// One phantom scan, trained on again and again.
struct Scan {
  static constexpr int64_t kPixels = 24;
  at::Tensor image;
  Model model = build("lenet-medpfl", kPixels, kClasses);
  Observation seen;

  explicit Scan(const Local& local) {
    int64_t label = 0;
    std::tie(image, label) = phantom_image(kPixels, 3);
    seen = observe_update(model, image, {label}, local);
    seen.known_labels = {label};
  }
  double psnr(const std::string& name, const Options& set) const {
    const auto found =
        make_attack(name, set)->run(model, seen, {1, Purpose::kAttackStart, 0, 0, 0}, "", go_on);
    return psnr_from_mse(mse(found->images, image));
  }
};

Options robust(const std::string& update) {
  return {{"labels", "known"},  {"objective", "relative-l2"},
          {"init", "uniform"},  {"line_search", "strong-wolfe"},
          {"iterations", "40"}, {"stop_loss", "1e-9"},
          {"update", update}};
}

TEST(Unroll, FindsAScanBehindThreeSteps) {
  const Scan scan({3, 1, 0.5});
  const double found = scan.psnr("dlg", robust("unroll"));
  EXPECT_GT(found, 30);
  EXPECT_GT(found, scan.psnr("dlg", robust("gradient")) + 10);
}

TEST(Sme, StoppedAndContinuedGivesTheSameBits) {
  const Scan scan({4, 1, 0.5});
  const auto attack = make_attack("inverting-gradients", {{"update", "sme"}, {"iterations", "8"}});
  const StreamKey start{1, Purpose::kAttackStart, 0, 0, 0};
  const auto whole = attack->run(scan.model, scan.seen, start, "", go_on);
  std::string state;
  attack->run(scan.model, scan.seen, start, "", [&](const AttackProgress& at) {
    if (at.iteration < 3) return AttackOrder::kGoOn;
    state = at.save();
    return AttackOrder::kAbandon;
  });
  const auto rest = attack->run(scan.model, scan.seen, start, state, go_on);
  EXPECT_TRUE(rest->images.equal(whole->images));
  EXPECT_EQ(rest->trace, whole->trace);
}

TEST(Updates, WhatDoesNotGoTogetherIsRefused) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  AttackRequest request;
  for (const EngineKind engine : {EngineKind::kNative, EngineKind::kPearlmutter}) {
    request.engine = engine;
    EXPECT_NO_THROW(make_attack("dlg", {}, request)->check(model));
    for (const std::string update : {"unroll", "sme"})
      EXPECT_THROW(make_attack("dlg", {{"update", update}}, request)->check(model), ConfigError);
  }
  request.engine = EngineKind::kExact;
  EXPECT_NO_THROW(make_attack("dlg", {{"update", "sme"}}, request)->check(model));
  EXPECT_THROW(
      make_attack("dlg", {{"update", "unroll"}, {"output_error", "observed"}})->check(model),
      ConfigError);
}

}  // namespace
}  // namespace medpfl::updates_test
