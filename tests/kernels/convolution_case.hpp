#pragma once
// Random images, weights and errors of a convolution, and its products by LibTorch in double
// precision.
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "kernels/direct_convolution.hpp"

namespace medpfl {

/// Returns the shapes on a processor that our products run on; none on another, where LibTorch's
/// serve.
inline std::vector<ConvolutionShape> where_products_run(std::vector<ConvolutionShape> shapes) {
  if (!have_direct_convolution()) shapes.clear();
  return shapes;
}

struct ConvolutionCase {
  ConvolutionShape shape;
  at::Tensor x, w, e;

  const float* image() const { return x.data_ptr<float>(); }
  const float* weights() const { return w.data_ptr<float>(); }
  const float* error() const { return e.data_ptr<float>(); }
};

inline ConvolutionCase random_case(const ConvolutionShape& s) {
  at::manual_seed(3);
  return {s, at::randn({s.batch, s.channels, s.height, s.width}),
          at::randn({s.outputs, s.channels, s.kernel, s.kernel}),
          at::randn({s.batch, s.outputs, s.out_height(), s.out_width()})};
}

struct ConvolutionProducts {
  at::Tensor y, dx, dw;
};

/// All NaN: each number must be written.
inline ConvolutionProducts unwritten(const ConvolutionCase& c) {
  const auto none = [](const at::Tensor& t) { return at::empty(t.sizes()).fill_(NAN); };
  return {none(c.e), none(c.x), none(c.w)};
}

inline ConvolutionProducts expected(const ConvolutionCase& c) {
  const ConvolutionShape& s = c.shape;
  const at::Tensor x = c.x.to(at::kDouble), w = c.w.to(at::kDouble), e = c.e.to(at::kDouble);
  const auto back = at::convolution_backward(e, x, w, at::OptionalIntArrayRef(),
                                             {s.stride, s.stride}, {s.padding, s.padding}, {1, 1},
                                             false, {0, 0}, 1, {true, true, false});
  return {at::conv2d(x, w, {}, s.stride, s.padding), std::get<0>(back), std::get<1>(back)};
}

/// As a whole and each number by itself: a wrong one among many does not hide in a norm. A float32
/// sum of 4608 terms in one go is off by 1e-6.
inline void expect_close(const ConvolutionProducts& found, const ConvolutionProducts& wanted) {
  const auto close = [](const at::Tensor& a, const at::Tensor& b, const char* what) {
    const at::Tensor error = a.sub(b);
    ASSERT_GT(b.norm().item<double>(), 0) << what;
    EXPECT_LT(error.norm().item<double>(), 8e-7 * b.norm().item<double>()) << what;
    EXPECT_LT(error.abs().max().item<double>(), 4e-6 * b.abs().max().item<double>()) << what;
  };
  close(found.y, wanted.y, "y");
  close(found.dx, wanted.dx, "dx");
  close(found.dw, wanted.dw, "dw");
}

inline void expect_equal(const ConvolutionProducts& a, const ConvolutionProducts& b) {
  EXPECT_TRUE(a.y.equal(b.y));
  EXPECT_TRUE(a.dx.equal(b.dx));
  EXPECT_TRUE(a.dw.equal(b.dw));
}

}  // namespace medpfl
