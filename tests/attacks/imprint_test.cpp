#include <ATen/ops/cat.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "attacks/attack.hpp"
#include "core/error.hpp"
#include "federation/malicious_server.hpp"
#include "metrics/image.hpp"
#include "observations.hpp"

namespace medpfl::imprint_test {
namespace {

using observations::noise_images;

constexpr int64_t kSize = 16, kPixels = kSize * kSize;

Model with_block(int64_t rows) {
  ModelRequest request;
  request.input = {1, kSize, kSize};
  request.classes = 4;
  request.imprint_rows = rows;
  return models().find("lenet-dlg").create({}, request);
}

// Noise of contrast 0.2 around a brightness; the thresholds of the blocks below lie between these.
at::Tensor image(double brightness, uint64_t seed) {
  const at::Tensor noise = noise_images(1, kSize, seed);
  return noise.sub(noise.mean()).mul(0.2).add(brightness);
}

// A block of these functionals, one group each, with the same thresholds in all.
Observation observe(const Model& model, const at::Tensor& functionals,
                    const std::vector<std::vector<double>>& thresholds, const at::Tensor& images,
                    const std::vector<int64_t>& labels) {
  constexpr double kScale = 1e-6;
  Observation seen;
  seen.weights = initial_weights(model, {InitKind::kUniform, 0.5}, 3);
  at::Tensor weight = seen.weights.view(0), bias = seen.weights.view(1);
  int64_t row = 0;
  for (size_t g = 0; g < thresholds.size(); ++g)
    for (const double threshold : thresholds[g]) {
      weight[row].copy_(functionals[static_cast<int64_t>(g)].mul(kScale));
      bias[row++].fill_(-kScale * threshold);
    }
  seen.batch = images.size(0);
  seen.gradient = FlatParameters(model.layout());
  Differentiator(model, seen.weights)
      .gradient(images, at::tensor(labels, at::kLong), &seen.gradient);
  return seen;
}

std::unique_ptr<Attack> make_imprint() {
  const auto& entry = attacks().find("imprint");
  return entry.create(OptionValues::defaults(entry.options), {});
}

Reconstruction run(const Model& model, const Observation& seen) {
  return *make_imprint()->run(model, seen, {1, Purpose::kAttackStart, 0, 0, 0}, "",
                              [](const AttackProgress&) { return AttackOrder::kGoOn; });
}

// The reconstruction nearest to each image: its PSNR and its label.
std::vector<std::pair<double, int64_t>> nearest(const Reconstruction& result,
                                                const at::Tensor& images) {
  std::vector<std::pair<double, int64_t>> out;
  for (int64_t i = 0; i < images.size(0); ++i) {
    out.emplace_back(-1, -1);
    for (int64_t r = 0; r < result.images.size(0); ++r)
      out.back() = std::max(out.back(), {psnr_from_mse(mse(result.images[r], images[i])),
                                         result.labels[static_cast<size_t>(r)]});
  }
  return out;
}

TEST(Imprint, ReadsImagesThatAreAloneInTheirBins) {
  const Model model = with_block(6);
  const at::Tensor images =
      at::cat({image(0.25, 1), image(0.35, 2), image(0.55, 3), image(0.75, 4)});
  const std::vector<int64_t> labels = {3, 0, 3, 1};
  const Reconstruction result =
      run(model, observe(model, imprint_functionals(1, kPixels, 1), {{-2, 0.3, 0.4, 0.5, 0.6, 0.7}},
                         images, labels));
  EXPECT_EQ(result.status, "verified");
  EXPECT_LT(result.objective, 1e-6);
  EXPECT_TRUE(std::isnan(result.matching_loss)) << "no distance is measured";
  const auto found = nearest(result, images);
  for (size_t i = 0; i < labels.size(); ++i) {
    EXPECT_GT(found[i].first, 60) << i;
    EXPECT_EQ(found[i].second, labels[i]) << i;
  }
}

// In the first group images 0 and 1 share a bin, in the second 1 and 2: taking out what is alone
// somewhere leaves the others alone.
TEST(Imprint, PeelsGroups) {
  const Model model = with_block(5);
  at::Tensor functionals = imprint_functionals(2, kPixels, 1);
  functionals[1].zero_();
  functionals[1].slice(0, 0, kPixels / 2).fill_(2.0 / kPixels);  // the upper half
  at::Tensor images = at::cat({image(0.2, 1), image(0.25, 2), image(0.7, 3)});
  images[1].slice(1, 0, kSize / 2).fill_(0.4);  // bright above, dark below
  images[1].slice(1, kSize / 2).mul_(0.4);
  images[2].slice(1, 0, kSize / 2).mul_(0.7);
  const std::vector<std::vector<double>> thresholds = {{-2, 0.5}, {-2, 0.3, 0.6}};
  const Reconstruction result =
      run(model, observe(model, functionals, thresholds, images, {0, 1, 2}));
  EXPECT_EQ(result.status, "verified");
  const auto found = nearest(result, images);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_GT(found[i].first, 60) << i;
    EXPECT_EQ(found[i].second, static_cast<int64_t>(i));
  }
}

TEST(Imprint, SaysWhatStaysAMixture) {
  const Model model = with_block(3);
  const at::Tensor images = at::cat({image(0.3, 1), image(0.35, 2), image(0.7, 3)});
  const Reconstruction result = run(model, observe(model, imprint_functionals(1, kPixels, 1),
                                                   {{-2, 0.5, 0.9}}, images, {0, 1, 2}));
  EXPECT_EQ(result.status, "finished");
  EXPECT_GT(result.objective, 1e-3);
  ASSERT_EQ(result.images.size(0), 3);
  const auto found = nearest(result, images);
  EXPECT_LT(found[0].first, 60);
  EXPECT_LT(found[1].first, 60);
  EXPECT_GT(found[2].first, 60);
}

TEST(Imprint, DeadAndBrokenGradientsAreResults) {
  const Model model = with_block(3);
  Observation seen =
      observe(model, imprint_functionals(1, kPixels, 1), {{-2, 0.5, 0.9}}, image(0.3, 1), {0});
  seen.gradient.fill(0);
  EXPECT_EQ(run(model, seen).status, "unread");
  seen.gradient.fill(std::nanf(""));
  EXPECT_EQ(run(model, seen).status, "diverged");
  EXPECT_EQ(run(model, seen).images.min().item<float>(), 0.5F);
}

TEST(Imprint, TheBlockChangesNothingOfWhatTheNetworkComputes) {
  const Model model = with_block(8);
  const at::Tensor images = noise_images(3, kSize, 5);
  const Observation set = observe(model, imprint_functionals(1, kPixels, 1),
                                  {{-2, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}}, images, {0, 1, 2});
  FlatParameters plain = set.weights;
  plain.view(0).zero_();
  plain.view(1).zero_();
  const at::Tensor with = Differentiator(model, set.weights).logits(images);
  EXPECT_LT(with.sub(Differentiator(model, plain).logits(images)).abs().max().item<double>(), 1e-3);
  EXPECT_GT(set.gradient.view(0).abs().max().item<double>(), 1e-6);
}

TEST(Imprint, RefusesAModelWithoutBlock) {
  EXPECT_NO_THROW(make_imprint()->check(with_block(2)));
  try {
    make_imprint()->check(observations::build("lenet-dlg", kSize, 4));
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("attack.threat=malicious-server"), std::string::npos);
  }
}

TEST(Imprint, FunctionalsAreDeterministicMeans) {
  const at::Tensor f = imprint_functionals(3, 100, 7);
  EXPECT_TRUE(f.equal(imprint_functionals(3, 100, 7)));
  EXPECT_FALSE(f[1].equal(f[2]));
  EXPECT_NEAR(f[0].sum().item<double>(), 1, 1e-12);
  for (int64_t g = 0; g < 3; ++g) EXPECT_NEAR(f[g].abs().sum().item<double>(), 1, 1e-12);
}

}  // namespace
}  // namespace medpfl::imprint_test
