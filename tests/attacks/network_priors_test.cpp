#include "attacks/matching/network_priors.hpp"

#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attack_runs.hpp"
#include "campaign/attackers_view.hpp"
#include "core/error.hpp"
#include "metrics/image.hpp"
#include "models/layer_inputs.hpp"
#include "observations.hpp"

namespace medpfl::network_priors_test {
namespace {

using attack_runs::make_attack;
using attack_runs::Options;
using attack_runs::run;
using observations::build;
using observations::noise_images;
using observations::observe;
using observations::phantom_image;

constexpr int64_t kSize = 16, kClasses = 4;

Model residual(NormMode mode, const std::string& activation = "auto") {
  return build("resnet20", kSize, kClasses, activation, {{"width", "2"}}, mode);
}

NetworkPriorOptions statistics(StatisticsSource target, double first_layer = 10) {
  NetworkPriorOptions options;
  options.bn_statistics = 1;
  options.bn_target = target;
  options.bn_first_layer = first_layer;
  return options;
}

double value(const Term& term, const at::Tensor& images) {
  std::vector<float> unused(static_cast<size_t>(images.numel()));
  return term.evaluate(images, 1, unused.data());
}

// Printed by reference_bn_prior.py: hooks in plain PyTorch, float64.
TEST(BnStatistics, EqualsPyTorch) {
  for (const auto& [mode, expected] :
       {std::pair(NormMode::kEval, 73.640406314), std::pair(NormMode::kTrain, 64.993756585)}) {
    const Model model = residual(mode);
    Observation seen;
    seen.weights = FlatParameters(model.layout());
    for (int64_t i = 0; i < seen.weights.size(); ++i)
      seen.weights.data()[i] = static_cast<float>(0.5 * std::sin(static_cast<double>(i)));
    for (const Layer& layer : model.layers())
      if (layer.variance >= 0) seen.weights.view(layer.variance).add_(1);
    const at::Tensor images = at::empty({2, 1, kSize, kSize}, at::kFloat);
    for (int64_t i = 0; i < images.numel(); ++i)
      images.data_ptr<float>()[i] =
          static_cast<float>((std::sin(0.7 * static_cast<double>(i)) + 1) / 2);
    EXPECT_NEAR(
        value(bn_statistics_term(statistics(StatisticsSource::kRunning), model, seen), images),
        expected, 1e-4 * expected);
  }
}

TEST(NetworkPriors, GradientsAgreeWithCentralDifferencesAndAddUp) {
  for (const NormMode mode : {NormMode::kEval, NormMode::kTrain}) {
    const Model model = residual(mode, "silu");
    const std::vector<int64_t> labels = {1, 1, 2};
    const Observation seen =
        observe(model, noise_images(3, kSize, 1), labels, 1, {InitKind::kPytorch});
    NetworkPriorOptions options = statistics(StatisticsSource::kRunning);
    options.feature_match = 1;
    for (const Term& term : {bn_statistics_term(options, model, seen),
                             feature_match_term(options, model, seen, labels)}) {
      const at::Tensor images = noise_images(3, kSize, 2);
      const auto n = static_cast<size_t>(images.numel());
      std::vector<float> gradient(n), twice(n, 100);
      term.evaluate(images, 0.5, gradient.data());
      term.evaluate(images, 0.5, twice.data());
      for (size_t i = 0; i < n; ++i) ASSERT_NEAR(twice[i], 100 + gradient[i], 1e-4);
      // Uphill in every seventh pixel at a time: float32 does not show the slope of one alone.
      for (size_t first = 0; first < 7; ++first) {
        constexpr float kStep = 2e-3F;
        at::Tensor above = images.clone(), below = images.clone();
        double predicted = 0;
        for (size_t i = first; i < n; i += 7) {
          const float step = std::copysign(kStep, gradient[i]);
          above.data_ptr<float>()[i] += step;
          below.data_ptr<float>()[i] -= step;
          predicted += std::abs(gradient[i]);
        }
        ASSERT_GT(predicted, 0);
        const double slope = 0.5 * (value(term, above) - value(term, below)) / (2 * kStep);
        EXPECT_NEAR(slope, predicted, 1e-2 * predicted) << term.name << " " << first;
      }
    }
  }
}

// What a batch has in each normalization at these weights.
std::vector<at::Tensor> of_batch(const Model& model, const FlatParameters& weights,
                                 const at::Tensor& images) {
  std::vector<at::Tensor> out;
  model.forward(weights.views(), images, NormMode::kTrain, &out);
  return out;
}

double largest_difference(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i)
    largest = std::max(
        largest, a[i].sub(b[i]).abs().max().item<double>() / (1 + b[i].abs().max().item<double>()));
  return largest;
}

TEST(BnStatistics, AreReadFromTheUpdateOfATrainModeFederation) {
  const Model model = residual(NormMode::kTrain);
  const FlatParameters global = initial_weights(model, {InitKind::kPytorch}, 3);
  const Differentiator at_global(model, global);
  std::vector<at::Tensor> batches, means;
  for (uint64_t seed = 1; seed <= 3; ++seed) batches.push_back(noise_images(4, kSize, seed));
  // As FedAvg does it, with steps so small that the weights stay where they are.
  constexpr double kRate = 1e-6;
  FlatParameters work = global, gradient(model.layout());
  const Differentiator local(model, work);
  for (const int64_t steps : {1, 2, 3}) {
    local.gradient(batches[static_cast<size_t>(steps - 1)],
                   at::tensor(std::vector<int64_t>{0, 1, 2, 3}, at::kLong), &gradient);
    work.step(gradient, kRate);
    FlatParameters change = work;
    change.add(global, -1);
    Observation seen = medpfl::observe({0, 0, -1, 4, steps, change}, {false, kRate, 4});
    seen.weights = global;
    const std::vector<at::Tensor> found = target_statistics(StatisticsSource::kUpdate, model, seen);
    std::vector<at::Tensor> expected;
    double total = 0;
    for (int64_t j = 0; j < steps; ++j) {
      const double share = std::pow(1 - kNormMomentum, static_cast<double>(steps - 1 - j));
      total += share;
      const auto batch = of_batch(model, global, batches[static_cast<size_t>(j)]);
      for (size_t i = 0; i < batch.size(); ++i) {
        if (j == 0) expected.push_back(at::zeros_like(batch[i]));
        expected[i].add_(batch[i].mul(share));
      }
    }
    for (at::Tensor& t : expected) t.div_(total);
    ASSERT_EQ(found.size(), expected.size());
    EXPECT_LT(largest_difference(found, expected), 2e-4) << steps;
    EXPECT_GT(
        largest_difference(target_statistics(StatisticsSource::kRunning, model, seen), expected),
        1e-2);
    if (steps > 1) continue;
    const Term term = bn_statistics_term(statistics(StatisticsSource::kUpdate), model, seen);
    EXPECT_LT(value(term, batches[0]), 0.01 * value(term, batches[1])) << "0 at the truth";
  }
}

TEST(BnStatistics, OneValueAChannelHasNoVariance) {
  // Two poolings by 3 leave 1 px.
  const Model model = build("resnet18", 8, kClasses, "auto", {{"width", "2"}});
  const Observation seen = observe(model, noise_images(1, 8, 1), {1});
  std::vector<float> gradient(64);
  EXPECT_TRUE(std::isfinite(bn_statistics_term(statistics(StatisticsSource::kRunning), model, seen)
                                .evaluate(noise_images(1, 8, 2), 1, gradient.data())));
  for (const float g : gradient) EXPECT_TRUE(std::isfinite(g));
}

TEST(BnStatistics, TheFirstLayerCountsAsOftenAsItIsTold) {
  const Model model = residual(NormMode::kEval);
  const Observation seen = observe(model, noise_images(1, kSize, 1), {1});
  const at::Tensor images = noise_images(1, kSize, 2);
  const auto with = [&](double first_layer) {
    return value(
        bn_statistics_term(statistics(StatisticsSource::kRunning, first_layer), model, seen),
        images);
  };
  const double others = with(0), one = with(1) - others;
  EXPECT_GT(one, 0);
  EXPECT_NEAR(with(10), others + 10 * one, 1e-4 * with(10));
}

TEST(FeatureMatch, IsZeroAtTheTruthOfOneImage) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const at::Tensor truth = noise_images(1, kSize, 1);
  const Observation seen = observe(model, truth, {3});
  NetworkPriorOptions options;
  options.feature_match = 1;
  const Term term = feature_match_term(options, model, seen, {3});
  const double away = value(term, noise_images(1, kSize, 2));
  EXPECT_GT(away, 0);
  EXPECT_LT(value(term, truth), 1e-6 * away);
}

TEST(FeatureMatch, ComparesTheMeanOfEachClass) {
  const Model model = build("mlp", kSize, kClasses, "sigmoid", {{"hidden", "3"}});
  const std::vector<int64_t> labels = {2, 0, 2};
  const at::Tensor images = noise_images(3, kSize, 2);
  Observation seen = observe(model, images, labels);
  const at::Tensor f = layer_inputs(model, seen.weights.views(), images).features;
  const auto feature = [&](int64_t i, int64_t j) { return f[i][j].item<double>(); };
  at::Tensor weight = seen.gradient.view(model.head().weight);
  at::Tensor bias = seen.gradient.view(model.head().bias);
  const std::vector<double> b = {-0.5, 7, -1, 9};  // classes 1 and 3 have no image
  double expected = 0;
  for (int64_t c = 0; c < kClasses; ++c) {
    bias[c].fill_(b[static_cast<size_t>(c)]);
    for (int64_t j = 0; j < 3; ++j) {
      weight[c][j].fill_(0.1 * static_cast<double>(c + j));
      if (c % 2 == 1) continue;
      const double mean = c == 0 ? feature(1, j) : (feature(0, j) + feature(2, j)) / 2;
      const double off = b[static_cast<size_t>(c)] * mean - 0.1 * static_cast<double>(c + j);
      expected += off * off / (3 * (0.25 + 1));
    }
  }
  NetworkPriorOptions options;
  options.feature_match = 1;
  EXPECT_NEAR(value(feature_match_term(options, model, seen, labels), images), expected,
              1e-5 * expected);
  bias.zero_();
  EXPECT_EQ(value(feature_match_term(options, model, seen, labels), images), 0);
}

TEST(GradInversion, StatisticsOfTheUpdateLeadToAPhantomScan) {
  const auto [image, label] = phantom_image(kSize, 3);
  const Model model = build("convnet", kSize, kClasses, "auto", {{"width", "4"}}, NormMode::kTrain);
  const Observation seen = observe(model, image, {label}, 1, {InitKind::kPytorch});
  const auto psnr = [&, &truth = image](const std::string& weight) {
    const Options options = {
        {"iterations", "120"}, {"group", "2"}, {"bn_target", "update"}, {"bn_statistics", weight}};
    const Reconstruction found = run(*make_attack("grad-inversion", options), model, seen);
    return psnr_from_mse(mse(found.images, truth));
  };
  const double with = psnr("0.1");
  EXPECT_GT(with, 11);
  EXPECT_GT(with, psnr("0") + 2);
}

void expect_refused(const Options& options, const Model& model, const std::string& message,
                    const std::string& preset = "inverting-gradients") {
  try {
    make_attack(preset, options)->check(model);
    ADD_FAILURE() << "no error: " << message;
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.what(), message);
  }
}

TEST(NetworkPriors, WhatANetworkCannotServeIsRefused) {
  const Model lenet = build("lenet-dlg", kSize, kClasses), eval = residual(NormMode::kEval);
  make_attack("grad-inversion", {})->check(eval);
  make_attack("grad-inversion", {{"bn_statistics", "0"}, {"bn_target", "update"}})->check(lenet);
  make_attack("grad-inversion", {{"bn_target", "update"}})->check(residual(NormMode::kTrain));
  expect_refused({}, lenet,
                 "bn_statistics=0.1 compares statistics of batch normalization, which lenet-dlg "
                 "has not; set it to 0 or use a model with norm=batch",
                 "grad-inversion");
  expect_refused({{"bn_statistics", "1"}, {"bn_target", "update"}}, eval,
                 "bn_target=update reads batch statistics from messages, which carry them only "
                 "under model.norm_mode=train; use bn_target=running");
  expect_refused({{"feature_match", "0.1"}, {"labels", "joint"}}, lenet,
                 "feature_match=0.1 needs labels, which the label rule joint does not have until "
                 "its end; set it to 0 or use another rule");
  std::vector<Layer> layers = lenet.layers();
  layers.back().bias = -1;
  const Model biasless("biasless", lenet.input(), kClasses, layers, lenet.layout(),
                       NormMode::kEval);
  expect_refused({{"feature_match", "0.1"}}, biasless,
                 "feature_match=0.1 divides by the gradient of the last layer's bias, which "
                 "biasless has not; set it to 0");
}

}  // namespace
}  // namespace medpfl::network_priors_test
