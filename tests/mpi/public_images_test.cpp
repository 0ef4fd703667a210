// The public images that a run keeps, from ranks that hold blocks of them.
#include "federation/public_images.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "federation/federated_data.hpp"
#include "world.hpp"

namespace medpfl {
namespace {

// All of `images`, [n, C, H, W], as one rank holds them: every ranks-th block.
std::vector<at::Tensor> blocks_of(const Communicator& comm, const at::Tensor& images) {
  std::vector<at::Tensor> blocks;
  for (int64_t at = kEvaluationBlock * comm.rank(); at < images.size(0);
       at += kEvaluationBlock * comm.size())
    blocks.push_back(images.narrow(0, at, std::min(kEvaluationBlock, images.size(0) - at)));
  return blocks;
}

// Image i of 1 x 1 x 2 pixels holds i and 2 i.
at::Tensor numbered(int64_t n) {
  const at::Tensor numbers = at::arange(n, at::kFloat);
  at::Tensor images = at::empty({n, 1, 1, 2}, at::kFloat);
  images.select(3, 0).copy_(numbers.view({n, 1, 1}));
  images.select(3, 1).copy_(numbers.mul(2).view({n, 1, 1}));
  return images;
}

class PublicImages : public ::testing::TestWithParam<int64_t> {};

TEST_P(PublicImages, LieEvenlyAlongAllOnAnyNumberOfRanks) {
  const Communicator comm = world();
  const int64_t n = GetParam();
  const PixelFormat deep = {true, {0, 1}};
  const at::Tensor kept =
      gather_public_images(comm, blocks_of(comm, numbered(n)), deep, n, {1, 1, 2});
  if (!comm.is_root()) {
    EXPECT_FALSE(kept.defined());
    return;
  }
  const int64_t count = std::min<int64_t>(n, 256);
  ASSERT_EQ(kept.size(0), count);
  for (int64_t i = 0; i < count; ++i) {
    const auto number = kept[i].data_ptr<float>()[0];
    EXPECT_EQ(number, static_cast<float>(i * n / count));
    EXPECT_EQ(kept[i].data_ptr<float>()[1], 2 * number);
  }
}

INSTANTIATE_TEST_SUITE_P(Images, PublicImages, ::testing::Values(1, 40, 64, 200, 256, 1000));

TEST(PublicImagesKept, AreFewerWhereTheyAreLarge) {
  EXPECT_EQ(kept_public_images(100, 1024), 100);
  EXPECT_EQ(kept_public_images(1000, 1024), 256);
  EXPECT_EQ(kept_public_images(1000, 3 * 224 * 224), 111) << "16 MiB";
  EXPECT_EQ(kept_public_images(1000, int64_t{1} << 30), 1);
}

TEST(PublicImagesKept, HaveTheFormatOfTheDataSet) {
  const Communicator comm = world();
  const at::Tensor images = numbered(100).to(at::kByte);
  const at::Tensor kept = gather_public_images(comm, blocks_of(comm, images), {}, 100, {1, 1, 2});
  EXPECT_TRUE(!comm.is_root() || kept.equal(images));
}

}  // namespace
}  // namespace medpfl
