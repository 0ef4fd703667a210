// Against LibTorch in double precision, whatever the batch: networks use these products for small
// batches only.
#include "models/direct_convolution.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <vector>

namespace medpfl {
namespace {

struct Case {
  ConvolutionShape shape;
  at::Tensor x, w, e;
};

Case random_case(const ConvolutionShape& s) {
  at::manual_seed(3);
  return {s, at::randn({s.batch, s.channels, s.height, s.width}),
          at::randn({s.outputs, s.channels, s.kernel, s.kernel}),
          at::randn({s.batch, s.outputs, s.out_height(), s.out_width()})};
}

struct Products {
  at::Tensor y, dx, dw;
};

// Results start as NaN: each number must be written.
Products direct(const Case& c) {
  const auto none = [](const at::Tensor& t) { return at::empty(t.sizes()).fill_(NAN); };
  Products out = {none(c.e), none(c.x), none(c.w)};
  const float *x = c.x.data_ptr<float>(), *w = c.w.data_ptr<float>(), *e = c.e.data_ptr<float>();
  convolve(c.shape, x, w, out.y.data_ptr<float>());
  convolve_back(c.shape, e, w, out.dx.data_ptr<float>());
  correlate(c.shape, e, x, out.dw.data_ptr<float>());
  return out;
}

Products expected(const Case& c) {
  const ConvolutionShape& s = c.shape;
  const at::Tensor x = c.x.to(at::kDouble), w = c.w.to(at::kDouble), e = c.e.to(at::kDouble);
  const auto back = at::convolution_backward(e, x, w, at::OptionalIntArrayRef(),
                                             {s.stride, s.stride}, {s.padding, s.padding}, {1, 1},
                                             false, {0, 0}, 1, {true, true, false});
  return {at::conv2d(x, w, {}, s.stride, s.padding), std::get<0>(back), std::get<1>(back)};
}

// A float32 sum of 4608 terms in one go is off by 1e-6.
void expect_close(const at::Tensor& found, const at::Tensor& wanted, const char* what) {
  ASSERT_GT(wanted.norm().item<double>(), 0) << what;
  EXPECT_LT(found.sub(wanted).norm().item<double>(), 8e-7 * wanted.norm().item<double>()) << what;
}

class DirectConvolution : public ::testing::TestWithParam<ConvolutionShape> {
 protected:
  void SetUp() override {
    if (!have_direct_convolution()) GTEST_SKIP() << "this processor has no AVX2";
  }
};

TEST_P(DirectConvolution, GivesLibTorchsProducts) {
  const Case c = random_case(GetParam());
  const Products found = direct(c), wanted = expected(c);
  expect_close(found.y, wanted.y, "y");
  expect_close(found.dx, wanted.dx, "dx");
  expect_close(found.dw, wanted.dw, "dw");
}

TEST_P(DirectConvolution, HasTheSameBitsWithTwoThreads) {
  const Case c = random_case(GetParam());
  at::set_num_threads(1);
  const Products one = direct(c);
  at::set_num_threads(2);
  const Products two = direct(c);
  at::set_num_threads(1);
  EXPECT_TRUE(one.y.equal(two.y));
  EXPECT_TRUE(one.dx.equal(two.dx));
  EXPECT_TRUE(one.dw.equal(two.dw));
}

// batch, channels, height, width, outputs, kernel, stride, padding
INSTANTIATE_TEST_SUITE_P(
    Shapes, DirectConvolution,
    ::testing::Values(
        ConvolutionShape{1, 1, 1, 1, 1, 1, 1, 0},       // the smallest
        ConvolutionShape{1, 70, 4, 4, 23, 3, 1, 1},     // more channels than a block; ragged rows
        ConvolutionShape{1, 512, 4, 4, 8, 3, 1, 1},     // sums of 4608: their rounding too
        ConvolutionShape{2, 130, 12, 12, 14, 3, 1, 1},  // weights that are packed
        ConvolutionShape{3, 5, 3, 3, 7, 3, 1, 1},       // fewer places than a tile
        ConvolutionShape{2, 64, 32, 32, 6, 3, 1, 1},    // more images than a group
        ConvolutionShape{33, 3, 20, 20, 4, 3, 1, 1},    // many images a group, chunks of places
        ConvolutionShape{2, 3, 11, 17, 5, 5, 2, 2},     // not square
        ConvolutionShape{1, 4, 9, 8, 5, 7, 2, 3},       // rows that no window starts at
        ConvolutionShape{2, 6, 10, 7, 8, 1, 2, 0},      // pixels that no window meets
        ConvolutionShape{2, 3, 13, 13, 4, 2, 3, 0},     // a stride beyond the kernel
        ConvolutionShape{1, 2, 4, 4, 3, 3, 1, 2},       // results larger than the images
        ConvolutionShape{1, 2, 9, 9, 3, 5, 1, 0},       // and smaller
        ConvolutionShape{1, 2, 2, 2, 3, 5, 3, 4}));     // windows beside the image

}  // namespace
}  // namespace medpfl
