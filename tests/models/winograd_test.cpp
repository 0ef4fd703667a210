// Against LibTorch in double precision.
#include "models/winograd.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <tuple>

namespace medpfl {
namespace {

struct Products {
  at::Tensor y, dx, dw;
};

struct Case {
  ConvolutionShape shape;
  at::Tensor x, w, e;
};

Case random_case(const ConvolutionShape& s) {
  at::manual_seed(5);
  return {s, at::randn({s.batch, s.channels, s.height, s.width}),
          at::randn({s.outputs, s.channels, 3, 3}),
          at::randn({s.batch, s.outputs, s.height, s.width})};
}

// Results start as NaN, and so does what is kept of weights: all that is read must be written.
Products filtered(const Case& c) {
  const auto none = [](at::IntArrayRef sizes) { return at::empty(sizes).fill_(NAN); };
  Products out = {none(c.e.sizes()), none(c.x.sizes()), none(c.w.sizes())};
  at::Tensor weights = none({winograd_weights_size(c.shape)});
  transform_weights(c.shape, c.w.data_ptr<float>(), weights.data_ptr<float>());
  winograd_convolve(c.shape, c.x.data_ptr<float>(), weights.data_ptr<float>(),
                    out.y.data_ptr<float>());
  winograd_convolve_back(c.shape, c.e.data_ptr<float>(), weights.data_ptr<float>(),
                         out.dx.data_ptr<float>());
  winograd_correlate(c.shape, c.e.data_ptr<float>(), c.x.data_ptr<float>(),
                     out.dw.data_ptr<float>());
  return out;
}

Products expected(const Case& c) {
  const at::Tensor x = c.x.to(at::kDouble), w = c.w.to(at::kDouble), e = c.e.to(at::kDouble);
  const auto back = at::convolution_backward(e, x, w, at::OptionalIntArrayRef(), {1, 1}, {1, 1},
                                             {1, 1}, false, {0, 0}, 1, {true, true, false});
  return {at::conv2d(x, w, {}, 1, 1), std::get<0>(back), std::get<1>(back)};
}

// Each result by itself, of the largest: a wrong tile among many does not hide in a norm.
void expect_close(const at::Tensor& found, const at::Tensor& wanted, const char* what) {
  const at::Tensor error = found.sub(wanted);
  EXPECT_LT(error.norm().item<double>(), 8e-7 * wanted.norm().item<double>()) << what;
  EXPECT_LT(error.abs().max().item<double>(), 4e-6 * wanted.abs().max().item<double>()) << what;
}

class Winograd : public ::testing::TestWithParam<ConvolutionShape> {
 protected:
  void SetUp() override {
    if (!have_direct_convolution()) GTEST_SKIP() << "this processor has no AVX2";
  }
};

TEST_P(Winograd, GivesLibTorchsProducts) {
  const Case c = random_case(GetParam());
  ASSERT_TRUE(have_winograd(c.shape));
  const Products found = filtered(c), wanted = expected(c);
  expect_close(found.y, wanted.y, "y");
  expect_close(found.dx, wanted.dx, "dx");
  expect_close(found.dw, wanted.dw, "dw");
}

TEST_P(Winograd, HasTheSameBitsWithTwoThreads) {
  const Case c = random_case(GetParam());
  at::set_num_threads(1);
  const Products one = filtered(c);
  at::set_num_threads(2);
  const Products two = filtered(c);
  at::set_num_threads(1);
  EXPECT_TRUE(one.y.equal(two.y));
  EXPECT_TRUE(one.dx.equal(two.dx));
  EXPECT_TRUE(one.dw.equal(two.dw));
}

TEST_P(Winograd, HasTheSameBitsAmongOtherImages) {
  const Case c = random_case(GetParam());
  Case first = {c.shape, c.x.narrow(0, 0, 1), c.w, c.e.narrow(0, 0, 1)};
  first.shape.batch = 1;
  const Products all = filtered(c), one = filtered(first);
  EXPECT_TRUE(one.y.equal(all.y.narrow(0, 0, 1)));
  EXPECT_TRUE(one.dx.equal(all.dx.narrow(0, 0, 1)));
}

// batch, channels, height, width, outputs, kernel, stride, padding
INSTANTIATE_TEST_SUITE_P(
    Shapes, Winograd,
    ::testing::Values(ConvolutionShape{1, 16, 2, 8, 16, 3, 1, 1},   // the smallest: part of a panel
                      ConvolutionShape{1, 512, 8, 8, 16, 3, 1, 1},  // the longest sums
                      ConvolutionShape{3, 17, 32, 32, 22, 3, 1, 1},  // ragged rows
                      ConvolutionShape{5, 21, 6, 24, 19, 3, 1, 1},   // blocks of several images
                      ConvolutionShape{2, 16, 4, 40, 33, 3, 1, 1},   // panels over rows of tiles
                      ConvolutionShape{2, 16, 10, 16, 16, 3, 1, 1},  // blocks that end in an image
                      ConvolutionShape{1, 16, 4, 224, 18, 3, 1, 1}));  // a row is more than a block

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
  if (!have_direct_convolution()) GTEST_SKIP() << "this processor has no AVX2";
  const ConvolutionShape good = {1, 16, 4, 8, 16, 3, 1, 1};
  EXPECT_TRUE(have_winograd(good));
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
