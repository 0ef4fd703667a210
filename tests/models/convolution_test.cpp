// Against LibTorch's own convolution, whose first and second derivatives autograd knows.
#include "models/convolution.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <vector>

namespace medpfl {
namespace {

using Tensors = std::vector<at::Tensor>;
using Convolve = std::function<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&)>;

struct Shape {
  int64_t batch, channels, size, outputs, kernel, stride, padding;
  bool bias;
};

class Convolution : public ::testing::TestWithParam<Shape> {};

// Value, first derivatives, and the derivatives of a product with them and of a curved function of
// them, by all that varies.
Tensors derivatives(const Convolve& convolve, const Tensors& inputs, uint64_t seed) {
  Tensors leaves;
  for (const at::Tensor& input : inputs)
    leaves.push_back(input.detach().clone().set_requires_grad(true));
  at::manual_seed(seed);
  const at::Tensor y = convolve(leaves[0], leaves[1], leaves.size() > 2 ? leaves[2] : at::Tensor());
  Tensors all = {y};
  const Tensors first = torch::autograd::grad({y.sin().sum()}, leaves, {}, true, true);
  Tensors directions;
  for (const at::Tensor& g : first) directions.push_back(at::randn(g.sizes()));
  const Tensors second = torch::autograd::grad(first, leaves, directions, true, true);
  const Tensors third =
      torch::autograd::grad({second[0].square().sum().add(second[1].square().sum())}, leaves);
  for (const Tensors& some : {first, second, third})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

TEST_P(Convolution, HasTheDerivativesOfLibTorchsOwn) {
  const Shape s = GetParam();
  at::manual_seed(7);
  Tensors inputs = {at::randn({s.batch, s.channels, s.size, s.size}),
                    at::randn({s.outputs, s.channels, s.kernel, s.kernel}).mul(0.3)};
  if (s.bias) inputs.push_back(at::randn({s.outputs}));
  const Tensors found =
      derivatives([&](const at::Tensor& x, const at::Tensor& w,
                      const at::Tensor& b) { return convolution(x, w, b, s.stride, s.padding); },
                  inputs, 9);
  const Tensors expected =
      derivatives([&](const at::Tensor& x, const at::Tensor& w,
                      const at::Tensor& b) { return at::conv2d(x, w, b, s.stride, s.padding); },
                  inputs, 9);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_TRUE(found[i].sizes() == expected[i].sizes()) << i;
    ASSERT_GT(expected[i].norm().item<double>(), 0) << i;
    EXPECT_LT(found[i].sub(expected[i]).norm().item<double>(),
              1e-5 * expected[i].norm().item<double>())
        << i;
  }
}

// Odd strides leave pixels that no kernel reaches; a batch of 5 and images of more than
// 32,768 numbers are left to LibTorch; the last two are filtered minimally.
INSTANTIATE_TEST_SUITE_P(
    Shapes, Convolution,
    ::testing::Values(Shape{1, 3, 9, 4, 3, 1, 1, false}, Shape{2, 3, 9, 4, 3, 1, 1, true},
                      Shape{1, 2, 10, 3, 5, 2, 2, true}, Shape{3, 4, 8, 5, 1, 2, 0, false},
                      Shape{1, 1, 7, 2, 2, 3, 0, true}, Shape{2, 16, 40, 8, 3, 2, 1, false},
                      Shape{5, 3, 9, 4, 3, 1, 1, true}, Shape{1, 9, 61, 2, 3, 1, 1, false},
                      Shape{1, 16, 8, 18, 3, 1, 1, false}, Shape{6, 20, 16, 17, 3, 1, 1, true}));

}  // namespace
}  // namespace medpfl
