#include "metrics/look_alikes.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

#include "metrics/image.hpp"

namespace medpfl {
namespace {

using Indices = std::vector<int64_t>;

at::Tensor flat(double value) { return at::full({1, 8, 8}, value); }

TEST(LookAlikes, TheNearestImageHasTheLeastMeanSquaredError) {
  const at::Tensor images = at::stack({flat(0.75), flat(0.5), flat(0.25), flat(0.5)});
  const at::Tensor truth = at::stack({flat(0.3), flat(0.625), flat(0.5), flat(1)});
  // 0.625 is as far from 0.75 as from 0.5; of two equal images the first is taken.
  EXPECT_EQ(nearest_images(truth, images), (Indices{2, 0, 1, 0}));
  EXPECT_EQ(nearest_images(truth, images.narrow(0, 2, 1)), (Indices{0, 0, 0, 0}));
}

TEST(LookAlikes, TheNearestImageIsThatOfADirectSearch) {
  const at::Tensor images = at::rand({20, 3, 40, 40}), truth = at::rand({5, 3, 40, 40});
  const Indices found = nearest_images(truth, images);
  for (int64_t i = 0; i < 5; ++i)
    for (int64_t j = 0; j < 20; ++j)
      EXPECT_LE(mse(truth[i], images[found[static_cast<size_t>(i)]]), mse(truth[i], images[j]));
}

TEST(LookAlikes, PixelsAreClampedFirst) {
  EXPECT_EQ(nearest_images(flat(1).unsqueeze(0), at::stack({flat(0.9), flat(3)})), Indices{1});
}

TEST(LookAlikes, NearDuplicatesAreDistinctAndOfAnotherImage) {
  const at::Tensor truth = at::rand({1, 16, 16}), other = at::rand({1, 16, 16});
  const at::Tensor near = truth.mul(0.97).add(other.mul(0.03));
  const at::Tensor far = truth.mul(0.5).add(other.mul(0.5));
  ASSERT_GE(ssim(truth, near), kNearDuplicateSsim);
  ASSERT_LT(ssim(truth, far), kNearDuplicateSsim);
  const at::Tensor batch = at::stack({truth, other});
  EXPECT_EQ(count_near_duplicates(batch, at::stack({truth, near, near, far, other})),
            (Indices{1, 0}))
      << "itself and a second copy do not count";
  EXPECT_EQ(count_near_duplicates(batch, at::stack({far})), (Indices{0, 0}));
  EXPECT_EQ(count_near_duplicates(at::stack({truth, near, truth}), at::stack({far})),
            (Indices{1, 1, 1}))
      << "the other true images are candidates, too";
}

}  // namespace
}  // namespace medpfl
