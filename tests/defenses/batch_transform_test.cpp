#include <ATen/ops/arange.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "defenses/batch_hook.hpp"
#include "defenses/mixing.hpp"
#include "updates.hpp"

namespace medpfl {
namespace {

using testing::make_defense;
using Options = std::map<std::string, std::string>;

RandomStream stream(uint64_t step = 0) {
  return RandomStream({1, Purpose::kBatchTransform, 0, 0, step});
}

// Image i is 1 in pixel i and 0 elsewhere, of class i % 3: a mixture shows its weights.
Shard unit_images(int64_t n) {
  return {7, n, 3, [n](const std::vector<int64_t>& positions) {
            Batch batch = {at::zeros({static_cast<int64_t>(positions.size()), 1, 1, n}),
                           at::tensor(positions, at::kLong).remainder(3)};
            for (size_t b = 0; b < positions.size(); ++b)
              batch.images[static_cast<int64_t>(b)].select(2, positions[b]).fill_(1);
            return batch;
          }};
}

Batch transformed(const std::string& name, const Options& own, const Shard& shard,
                  const std::vector<int64_t>& positions, uint64_t step = 0) {
  RandomStream random = stream(step);
  return make_defense(name, own).batch->apply(shard, positions, &random);
}

template <typename Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(MixingWeights, AddUpToOneNoneAboveTheLargestAndTheGreatestIsFirst) {
  RandomStream random = stream();
  for (const auto& [count, largest] : std::vector<std::pair<int64_t, double>>{
           {2, 0.5}, {4, 0.25}, {4, 0.3}, {4, 0.4}, {4, 0.65}, {6, 0.65}, {3, 1}, {16, 0.125}})
    for (int i = 0; i < 50; ++i) {
      const std::vector<double> weights = mixing_weights(count, largest, &random);
      ASSERT_EQ(weights.size(), static_cast<size_t>(count));
      EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12);
      EXPECT_EQ(weights.front(), *std::max_element(weights.begin(), weights.end()));
      EXPECT_LE(weights.front(), largest);
      EXPECT_GE(*std::min_element(weights.begin(), weights.end()), 0);
    }
}

// The greatest of two uniform weights is uniform in [1/2, t]; both ways of drawing meet at t = 1.
// Of four it is (1 + 1/2 + 1/3 + 1/4) / 4 on average; below 0.65 the attack's default.
TEST(MixingWeights, AreUniform) {
  const auto mean_greatest = [](int64_t count, double largest) {
    RandomStream random = stream();
    double sum = 0;
    for (int i = 0; i < 20000; ++i) sum += mixing_weights(count, largest, &random).front();
    return sum / 20000;
  };
  EXPECT_NEAR(mean_greatest(2, 0.8), 0.65, 0.003);
  EXPECT_NEAR(mean_greatest(2, 1), 0.75, 0.005);
  EXPECT_NEAR(mean_greatest(4, 1), 25.0 / 48, 0.005);
  EXPECT_NEAR(mean_greatest(4, 0.65), 0.476, 0.003);
}

TEST(Mixup, MixesDistinctImagesAndTheirLabelsByTheSameWeights) {
  const std::vector<int64_t> own = {4, 0, 4};
  const Batch batch =
      transformed("mixup", {{"images", "3"}, {"largest", "0.5"}}, unit_images(5), own);
  ASSERT_EQ(batch.images.sizes(), (at::IntArrayRef{3, 1, 1, 5}));
  ASSERT_EQ(batch.labels.sizes(), (at::IntArrayRef{3, 3}));
  const at::Tensor weights = batch.images.view({3, 5});
  for (int64_t b = 0; b < 3; ++b) {
    EXPECT_EQ(weights[b].gt(0).sum().item<int64_t>(), 3);
    EXPECT_NEAR(weights[b].sum().item<double>(), 1, 1e-6);
    EXPECT_LE(weights[b].max().item<double>(), 0.5 + 1e-6);
    EXPECT_EQ(weights[b].argmax().item<int64_t>(), own[static_cast<size_t>(b)]);
    for (int64_t c = 0; c < 3; ++c) {
      double expected = 0;
      for (int64_t i = c; i < 5; i += 3) expected += weights[b][i].item<double>();
      EXPECT_NEAR(batch.labels[b][c].item<double>(), expected, 1e-6);
    }
  }
  EXPECT_FALSE(weights[0].equal(weights[2]));  // the same image, mixed twice
}

TEST(Mixup, DrawsAreThoseOfTheStream) {
  const Batch a = transformed("mixup", {}, unit_images(9), {1, 2});
  EXPECT_TRUE(a.images.equal(transformed("mixup", {}, unit_images(9), {1, 2}).images));
  EXPECT_FALSE(a.images.equal(transformed("mixup", {}, unit_images(9), {1, 2}, 1).images));
}

TEST(InstaHide, MirrorsAboutHalfOfThePixelsAtMidGrey) {
  const Batch mixed = transformed("mixup", {}, unit_images(400), {3});
  const Batch hidden = transformed("instahide", {}, unit_images(400), {3});
  EXPECT_TRUE(hidden.labels.equal(mixed.labels));
  const at::Tensor kept = hidden.images.eq(mixed.images);
  EXPECT_TRUE(kept.logical_or(hidden.images.eq(mixed.images.neg().add(1))).all().item<bool>());
  EXPECT_NEAR(kept.to(at::kFloat).mean().item<double>(), 0.5, 0.1);
}

TEST(Mixing, RefusesWhatCannotBe) {
  EXPECT_NE(error_of([] {
              make_defense("mixup", {{"images", "4"}, {"largest", "0.2"}});
            }).find("defense.mixup.largest=0.2 is too small"),
            std::string::npos);
  EXPECT_NE(error_of([] {
              transformed("instahide", {}, unit_images(3), {0});
            }).find("instahide mixes 4 images, and hospital 7 has 3"),
            std::string::npos);
}

// 0, 0.1, 0.2 ... row by row, 4 x 4.
at::Tensor ramp() { return at::arange(16, at::kFloat).mul(0.0625).view({1, 1, 4, 4}); }

at::Tensor by_policy(const std::string& policy, uint64_t step = 0) {
  const Shard one = {0, 1, 2, [](const std::vector<int64_t>&) {
                       return Batch{ramp(), at::zeros({1}, at::kLong)};
                     }};
  return transformed("ats", {{"policy", policy}}, one, {0}, step).images;
}

// Some of the draws is this image, another that.
void expect_both(const std::string& policy, const at::Tensor& one, const at::Tensor& other) {
  int ones = 0, others = 0;
  for (uint64_t step = 0; step < 40; ++step) {
    const at::Tensor x = by_policy(policy, step);
    ones += x.allclose(one, 0, 1e-5) ? 1 : 0;
    others += x.allclose(other, 0, 1e-5) ? 1 : 0;
  }
  EXPECT_EQ(ones + others, 40) << policy;
  EXPECT_GT(ones, 8) << policy;
  EXPECT_GT(others, 8) << policy;
}

at::Tensor moved(int64_t by, int64_t axis) {
  const at::Tensor source = ramp();
  at::Tensor out = at::zeros({1, 1, 4, 4});
  const int64_t rest = 4 - std::abs(by);
  out.narrow(axis, std::max<int64_t>(by, 0), rest)
      .copy_(source.narrow(axis, std::max<int64_t>(-by, 0), rest));
  return out;
}

TEST(Ats, OperationsAreTheirHandCalculatedValues) {
  expect_both("translate-x:0.25", moved(1, 3), moved(-1, 3));
  expect_both("translate-y:0.5", moved(2, 2), moved(-2, 2));
  expect_both("rotate:90", ramp().rot90(1, {2, 3}), ramp().rot90(-1, {2, 3}));
  expect_both("flip", ramp(), ramp().flip({3}));
  expect_both("brightness:0.5", ramp().mul(0.5), ramp().mul(1.5).clamp(0, 1));
  const at::Tensor around = ramp().sub(0.46875);  // the mean of 0, 1/16, ..., 15/16
  expect_both("contrast:0.5", around.mul(0.5).add(0.46875),
              around.mul(1.5).add(0.46875).clamp(0, 1));
  EXPECT_TRUE(by_policy("invert").equal(ramp().neg().add(1)));
  EXPECT_TRUE(by_policy("posterize:1").equal(ramp().gt(0.5).to(at::kFloat)));
  const at::Tensor x = by_policy("solarize:0.5");
  EXPECT_EQ(x[0][0][0][1].item<float>(), 0.0625F);
  EXPECT_EQ(x[0][0][3][3].item<float>(), 0.0625F);
  // Row y moves by s(y - 1.5) pixels: the two in the middle by half a pixel.
  const at::Tensor sheared = by_policy("shear-x:1");
  const float half = sheared[0][0][1][1].item<float>();
  EXPECT_TRUE(std::fabs(half - 0.0625F * 4.5F) < 1e-5 || std::fabs(half - 0.0625F * 5.5F) < 1e-5)
      << half;
}

TEST(Ats, OperationsFollowTheOrderOfThePolicy) {
  const at::Tensor folded = by_policy("solarize:0.5");
  EXPECT_FALSE(by_policy("solarize:0.5,invert").allclose(folded));
  EXPECT_TRUE(by_policy("solarize:0.5,invert").allclose(folded.neg().add(1)));
  EXPECT_TRUE(by_policy("invert, invert").allclose(ramp()));
}

TEST(Ats, RefusesWhatIsNoPolicy) {
  for (const std::string word : {"twirl:1", "rotate", "flip:1", "rotate:x", "rotate:200",
                                 "posterize:0", "contrast:-0.1", "translate-x:"})
    EXPECT_NE(error_of([&] {
                make_defense("ats", {{"policy", "invert," + word}});
              }).find("defense.ats.policy: '" + word + "' is no operation"),
              std::string::npos)
        << word;
  EXPECT_NE(error_of([] {
              make_defense("ats", {{"policy", ""}});
            }).find("names no operation"),
            std::string::npos);
}

TEST(DefenseChain, WhatActsOnImagesComesFirstAndMixturesHaveNoExamples) {
  const auto refusal = [](const std::vector<std::string>& names) {
    return error_of([&] {
      DefenseChain chain;
      for (const std::string& name : names) chain.append(make_defense(name));
    });
  };
  EXPECT_EQ(refusal({"ats", "dp-sgd", "clip"}), "no error");
  EXPECT_EQ(refusal({"mixup", "clip", "gaussian"}), "no error");
  for (const std::vector<std::string>& names :
       std::vector<std::vector<std::string>>{{"clip", "mixup"}, {"dp-sgd", "ats"}})
    EXPECT_NE(refusal(names).find(names[1] + " acts on the images of the local steps, before " +
                                  names[0]),
              std::string::npos)
        << refusal(names);
  EXPECT_NE(refusal({"mixup", "ats"}).find("mixup and ats both act on the images"),
            std::string::npos);
  EXPECT_NE(refusal({"instahide", "dp-sgd"}).find("instahide puts an image into several examples"),
            std::string::npos);
}

}  // namespace
}  // namespace medpfl
