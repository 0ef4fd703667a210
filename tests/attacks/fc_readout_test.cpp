#include <ATen/ops/cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "attacks/attack.hpp"
#include "core/error.hpp"
#include "metrics/image.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using observations::build;
using observations::noise_images;
using observations::observe;
using observations::phantom_image;

std::unique_ptr<Attack> make_readout(const AttackRequest& request = {}) {
  const auto& entry = attacks().find("fc-readout");
  return entry.create(OptionValues::defaults(entry.options), request);
}

Reconstruction run(const Model& model, const Observation& seen, const AttackRequest& request = {}) {
  return *make_readout(request)->run(model, seen, {1, Purpose::kAttackStart, 0, 0, 0}, "",
                                     [](const AttackProgress&) { return AttackOrder::kGoOn; });
}

double psnr(const at::Tensor& a, const at::Tensor& b) { return psnr_from_mse(mse(a, b)); }

TEST(FcReadout, IsExactForOneImageUnderEveryActivationAndClass) {
  for (const char* activation : {"relu", "sigmoid", "tanh"})
    for (int64_t label = 0; label < 4; ++label) {
      const Model model = build("mlp", 24, 4, activation, {{"hidden", "16"}, {"depth", "2"}});
      const at::Tensor image = phantom_image(24, static_cast<uint64_t>(label) + 1).first;
      const Reconstruction result = run(model, observe(model, image, {label}));
      EXPECT_GT(psnr(result.images, image), 90) << activation;
      EXPECT_EQ(result.labels, std::vector<int64_t>{label}) << activation;
      EXPECT_EQ(result.status, "verified") << activation;
      EXPECT_LT(result.objective, 1e-9) << activation;
      EXPECT_TRUE(std::isnan(result.matching_loss)) << "no distance is measured";
    }
}

// What comes out are pixels, whatever the network makes of them first.
TEST(FcReadout, UndoesTheNormalizationOfPixels) {
  const auto& entry = models().find("mlp");
  ModelRequest request;
  request.input = {3, 8, 8};
  request.classes = 4;
  request.normalization = parse_normalization("imagenet", 3);
  const Model model = entry.create(OptionValues::defaults(entry.options), request);
  const at::Tensor image = noise_images(3, 8, 5).view({1, 3, 8, 8});
  const Reconstruction result = run(model, observe(model, image, {2}));
  EXPECT_GT(psnr(result.images, image), 90);
  EXPECT_EQ(result.labels, std::vector<int64_t>{2});
  EXPECT_EQ(result.status, "verified");
}

// Rows of a constructed gradient, each weight_i = sum_j d_ij x_j and bias_i = sum_j d_ij.
TEST(FcReadout, CombinesRowsByLeastSquares) {
  const Model model = build("mlp", 8, 2, "relu", {{"hidden", "3"}});
  Observation seen = observe(model, noise_images(1, 8, 1), {0});
  const at::Tensor x = noise_images(1, 8, 2).view({64}), y = noise_images(1, 8, 3).view({64});
  at::Tensor weight = seen.gradient.view(0), bias = seen.gradient.view(1);
  const std::vector<double> d = {1, -3, 0};
  for (int64_t i = 0; i < 3; ++i) {
    weight[i].copy_(i == 0 ? y : x.mul(d[static_cast<size_t>(i)]));
    bias[i].fill_(d[static_cast<size_t>(i)]);
  }
  const at::Tensor expected = y.add(x, 9).div(10).view({1, 1, 8, 8});
  const Reconstruction result = run(model, seen);
  EXPECT_LT(mse(result.images, expected), 1e-12);
  const double energy = y.square().sum().item<double>() + 9 * x.square().sum().item<double>();
  const at::Tensor best = expected.view({64});
  const double error =
      y.sub(best).square().sum().item<double>() + 9 * x.sub(best).square().sum().item<double>();
  EXPECT_NEAR(result.objective, error / energy, 1e-6);
}

// The images of a batch that some row sees alone are found among the mixtures, with their classes.
TEST(FcReadout, TellsSingleImagesFromMixtures) {
  const Model model = build("mlp", 16, 4, "relu", {{"hidden", "256"}});
  const at::Tensor images = at::cat({noise_images(1, 16, 5), phantom_image(16, 3).first,
                                     phantom_image(16, 4).first.neg().add(1)});
  const std::vector<int64_t> labels = {2, 0, 2};
  const Reconstruction result = run(model, observe(model, images, labels));
  ASSERT_EQ(result.images.size(0), 3);
  EXPECT_EQ(result.status, "verified");
  std::set<int64_t> found;
  for (int64_t r = 0; r < 3; ++r)
    for (int64_t j = 0; j < 3; ++j)
      if (psnr(result.images[r], images[j]) > 60) {
        found.insert(j);
        EXPECT_EQ(result.labels[static_cast<size_t>(r)], labels[static_cast<size_t>(j)]);
      }
  EXPECT_EQ(found.size(), 3U);
}

// Every unit of a sigmoid layer sees every image: nothing is verified, and the result says so.
TEST(FcReadout, SaysWhenThereAreOnlyMixtures) {
  const Model model = build("mlp", 16, 4, "sigmoid", {{"hidden", "32"}});
  const at::Tensor images = noise_images(3, 16, 5);
  const Reconstruction result = run(model, observe(model, images, {0, 1, 2}));
  EXPECT_EQ(result.status, "finished");
  EXPECT_EQ(result.images.size(0), 3);
  EXPECT_EQ(result.labels.size(), 3U);
  for (int64_t j = 0; j < 3; ++j) EXPECT_LT(psnr(result.images[0], images[j]), 40);
}

TEST(FcReadout, DealsTheLabelsOfAnotherRuleToTheImagesTheyFit) {
  const Model model = build("mlp", 16, 4, "relu", {{"hidden", "256"}});
  const at::Tensor images =
      at::cat({noise_images(1, 16, 5), phantom_image(16, 4).first.neg().add(1)});
  Observation seen = observe(model, images, {3, 1});
  seen.known_labels = {1, 3};
  AttackRequest request;
  request.labels = LabelRule::kKnown;
  const Reconstruction result = run(model, seen, request);
  EXPECT_EQ(make_readout(request)->facts().labels, LabelRule::kKnown);
  EXPECT_EQ(make_readout()->facts().labels, LabelRule::kFit);
  const bool first = psnr(result.images[0], images[0]) > psnr(result.images[1], images[0]);
  EXPECT_EQ(result.labels, first ? (std::vector<int64_t>{3, 1}) : (std::vector<int64_t>{1, 3}));
  request.labels = LabelRule::kJoint;
  EXPECT_THROW(make_readout(request), ConfigError);
}

TEST(FcReadout, DeadAndBrokenGradientsAreResults) {
  const Model model = build("mlp", 8, 3, "relu", {{"hidden", "4"}});
  Observation seen = observe(model, noise_images(2, 8, 1), {0, 1});
  seen.gradient.fill(0);
  EXPECT_EQ(run(model, seen).status, "unread");
  EXPECT_EQ(run(model, seen).images.size(0), 2);
  seen.gradient.fill(std::nanf(""));
  const Reconstruction result = run(model, seen);
  EXPECT_EQ(result.status, "diverged");
  EXPECT_EQ(result.images.min().item<float>(), 0.5F);
  EXPECT_EQ(result.labels.size(), 2U);
}

TEST(FcReadout, RefusesANetworkThatDoesNotShowTheImageToADenseLayer) {
  EXPECT_NO_THROW(make_readout()->check(build("mlp", 16, 2)));
  for (const char* name : {"lenet-dlg", "convnet"}) {
    try {
      make_readout()->check(build(name, 16, 2));
      FAIL() << "no error";
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("use model.name=mlp"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace medpfl
