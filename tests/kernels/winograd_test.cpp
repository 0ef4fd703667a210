#include "kernels/winograd.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <array>

#include "convolution_case.hpp"

namespace medpfl {
namespace {

// What is kept of weights starts as NaN too: all that is read must be written.
ConvolutionProducts filtered(const ConvolutionCase& c) {
  ConvolutionProducts out = unwritten(c);
  at::Tensor weights = at::empty({winograd_weights_size(c.shape)}).fill_(NAN);
  const float* transformed = weights.data_ptr<float>();
  transform_weights(c.shape, c.weights(), weights.data_ptr<float>());
  winograd_convolve(c.shape, c.image(), transformed, out.y.data_ptr<float>());
  winograd_convolve_back(c.shape, c.error(), transformed, out.dx.data_ptr<float>());
  winograd_correlate(c.shape, c.error(), c.image(), out.dw.data_ptr<float>());
  return out;
}

class Winograd : public ::testing::TestWithParam<ConvolutionShape> {};

TEST_P(Winograd, GivesLibTorchsProducts) {
  const ConvolutionCase c = random_case(GetParam());
  ASSERT_TRUE(have_winograd(c.shape));
  expect_close(filtered(c), expected(c));
}

TEST_P(Winograd, HasTheSameBitsWithTwoThreads) {
  const ConvolutionCase c = random_case(GetParam());
  at::set_num_threads(1);
  const ConvolutionProducts one = filtered(c);
  at::set_num_threads(2);
  const ConvolutionProducts two = filtered(c);
  at::set_num_threads(1);
  expect_equal(one, two);
}

TEST_P(Winograd, HasTheSameBitsAmongOtherImages) {
  const ConvolutionCase c = random_case(GetParam());
  ConvolutionCase first = {c.shape, c.x.narrow(0, 0, 1), c.w, c.e.narrow(0, 0, 1)};
  first.shape.batch = 1;
  const ConvolutionProducts all = filtered(c), one = filtered(first);
  EXPECT_TRUE(one.y.equal(all.y.narrow(0, 0, 1)));
  EXPECT_TRUE(one.dx.equal(all.dx.narrow(0, 0, 1)));
}

// batch, channels, height, width, outputs, kernel, stride, padding
INSTANTIATE_TEST_SUITE_P(
    Shapes, Winograd,
    ::testing::ValuesIn(where_products_run({
        ConvolutionShape{1, 16, 2, 8, 16, 3, 1, 1},    // the smallest: part of a panel
        ConvolutionShape{1, 512, 8, 8, 16, 3, 1, 1},   // the longest sums
        ConvolutionShape{3, 17, 32, 32, 22, 3, 1, 1},  // ragged rows
        ConvolutionShape{5, 21, 6, 24, 19, 3, 1, 1},   // blocks of several images
        ConvolutionShape{2, 16, 4, 40, 33, 3, 1, 1},   // panels over rows of tiles
        ConvolutionShape{2, 16, 10, 16, 16, 3, 1, 1},  // blocks that end in an image
        ConvolutionShape{1, 16, 4, 224, 18, 3, 1, 1},  // a row is more than a block
    })));

// Without OpenMP in our own files the tests of two threads would compare one thread with itself.
TEST(ParallelLoops, RunOnTheThreadsAskedFor) {
  at::set_num_threads(2);
  std::array<int, 2> thread{};
  at::parallel_for(0, 2, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) thread[static_cast<size_t>(i)] = at::get_thread_num();
  });
  at::set_num_threads(1);
  EXPECT_NE(thread[0], thread[1]);
}

TEST(WinogradShapes, AreThoseThatRepayTheTransforms) {
  const ConvolutionShape good = {1, 16, 4, 8, 16, 3, 1, 1};
  EXPECT_EQ(have_winograd(good), have_direct_convolution());
  const auto without = [&](int64_t ConvolutionShape::*field, int64_t value) {
    ConvolutionShape shape = good;
    shape.*field = value;
    return !have_winograd(shape);
  };
  EXPECT_TRUE(without(&ConvolutionShape::kernel, 5));
  EXPECT_TRUE(without(&ConvolutionShape::stride, 2));
  EXPECT_TRUE(without(&ConvolutionShape::padding, 0));
  EXPECT_TRUE(without(&ConvolutionShape::width, 12));
  EXPECT_TRUE(without(&ConvolutionShape::height, 5));
  EXPECT_TRUE(without(&ConvolutionShape::channels, 3));
  EXPECT_TRUE(without(&ConvolutionShape::outputs, 3));
}

}  // namespace
}  // namespace medpfl
