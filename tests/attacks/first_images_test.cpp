#include "attacks/matching/first_images.hpp"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

namespace medpfl {
namespace {

at::Tensor start(FirstImages kind, const std::vector<int64_t>& shape, uint64_t seed = 1,
                 const at::Tensor& public_mean = {}) {
  RandomStream random({seed, Purpose::kAttackStart, 0, 0, 0});
  return initial_images(kind, shape, public_mean, &random);
}

struct Moments {
  double mean, deviation, low, high;
};

Moments moments(FirstImages kind) {
  const at::Tensor images = start(kind, {4, 3, 50, 50}).to(at::kDouble);
  return {images.mean().item<double>(), images.std().item<double>(), images.min().item<double>(),
          images.max().item<double>()};
}

TEST(FirstImages, DrawsFromTheDistributionsItNames) {
  const Moments normal = moments(FirstImages::kNormal);
  EXPECT_NEAR(normal.mean, 0, 0.03);
  EXPECT_NEAR(normal.deviation, 1, 0.03);
  const Moments uniform = moments(FirstImages::kUniform);
  EXPECT_NEAR(uniform.mean, 0.5, 0.01);
  EXPECT_NEAR(uniform.deviation, std::sqrt(1.0 / 12), 0.01);
  EXPECT_GE(uniform.low, 0);
  EXPECT_LE(uniform.high, 1);
  const Moments grey = moments(FirstImages::kGrey);
  EXPECT_NEAR(grey.mean, 0.5, 0.003);
  EXPECT_NEAR(grey.deviation, 0.1, 0.003);
  EXPECT_EQ(moments(FirstImages::kDark).high, 0);
  EXPECT_EQ(moments(FirstImages::kLight).low, 1);
}

TEST(FirstImages, TilesRepeat) {
  for (const int64_t side : {8, 9}) {
    const at::Tensor quarter = start(FirstImages::kTile, {2, 3, side, side});
    const int64_t half = (side + 1) / 2;
    const auto part = [&](const at::Tensor& t, int64_t from, int64_t n) {
      return t.narrow(2, from, n).narrow(3, 0, n);
    };
    EXPECT_TRUE(part(quarter, 0, side - half).equal(part(quarter, half, side - half))) << side;
    EXPECT_FALSE(quarter[0].equal(quarter[1]));
    EXPECT_GE(quarter.min().item<float>(), 0);
    EXPECT_LT(quarter.max().item<float>(), 1);
  }
  const at::Tensor small = start(FirstImages::kTile4, {1, 1, 10, 10})[0][0];
  EXPECT_TRUE(small.narrow(0, 0, 4).equal(small.narrow(0, 4, 4)));
  EXPECT_TRUE(small.narrow(1, 0, 6).equal(small.narrow(1, 4, 6)));
  EXPECT_FALSE(small.narrow(0, 0, 2).equal(small.narrow(0, 2, 2)));
  EXPECT_LT(small.min().item<float>(), 0) << "normal, not uniform";
  const at::Tensor colour = start(FirstImages::kColour, {1, 3, 5, 5});
  EXPECT_EQ(colour[0][1].min().item<float>(), colour[0][1].max().item<float>());
  EXPECT_NE(colour[0][0][0][0].item<float>(), colour[0][1][0][0].item<float>());
}

TEST(FirstImages, StartsFromThePublicMean) {
  const at::Tensor mean = start(FirstImages::kUniform, {1, 3, 6, 6}, 7)[0];
  const at::Tensor images = start(FirstImages::kSurrogate, {2, 3, 6, 6}, 1, mean);
  EXPECT_TRUE(images[0].equal(mean));
  EXPECT_TRUE(images[1].equal(mean));
  EXPECT_TRUE(start(FirstImages::kSurrogate, {1, 1, 6, 6}, 1, mean)[0][0].allclose(mean.mean(0)));
}

TEST(FirstImages, FollowsItsStream) {
  for (const FirstImages kind : words_of(FirstImages()).values()) {
    if (kind == FirstImages::kSurrogate) continue;
    const at::Tensor first = start(kind, {1, 1, 8, 8});
    EXPECT_TRUE(first.equal(start(kind, {1, 1, 8, 8}))) << word_of(kind);
    if (kind != FirstImages::kDark && kind != FirstImages::kLight) {
      EXPECT_FALSE(first.equal(start(kind, {1, 1, 8, 8}, 2))) << word_of(kind);
    }
  }
}

}  // namespace
}  // namespace medpfl
