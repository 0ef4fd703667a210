// Against LibTorch in double precision, whatever the batch: networks use these products for small
// batches only.
#include "kernels/direct_convolution.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "convolution_case.hpp"

namespace medpfl {
namespace {

ConvolutionProducts direct(const ConvolutionCase& c) {
  ConvolutionProducts out = unwritten(c);
  convolve(c.shape, c.image(), c.weights(), out.y.data_ptr<float>());
  convolve_back(c.shape, c.error(), c.weights(), out.dx.data_ptr<float>());
  correlate(c.shape, c.error(), c.image(), out.dw.data_ptr<float>());
  return out;
}

class DirectConvolution : public ::testing::TestWithParam<ConvolutionShape> {};

// The kernel's list of what the processor has, asked for in another way.
TEST(DirectConvolutionProducts, RunOnProcessorsWithAvx2AndFma) {
  std::ifstream file("/proc/cpuinfo");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto has = [&](const std::string& flag) {
    return std::regex_search(text, std::regex("flags[^\n]* " + flag + "[ \n]"));
  };
  EXPECT_EQ(have_direct_convolution(), has("avx2") && has("fma"));
}

TEST_P(DirectConvolution, GivesLibTorchsProducts) {
  const ConvolutionCase c = random_case(GetParam());
  expect_close(direct(c), expected(c));
}

TEST_P(DirectConvolution, HasTheSameBitsWithTwoThreads) {
  const ConvolutionCase c = random_case(GetParam());
  at::set_num_threads(1);
  const ConvolutionProducts one = direct(c);
  at::set_num_threads(2);
  const ConvolutionProducts two = direct(c);
  at::set_num_threads(1);
  expect_equal(one, two);
}

// batch, channels, height, width, outputs, kernel, stride, padding
INSTANTIATE_TEST_SUITE_P(
    Shapes, DirectConvolution,
    ::testing::ValuesIn(where_products_run({
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
        ConvolutionShape{1, 2, 2, 2, 3, 5, 3, 4},       // windows beside the image
    })));

}  // namespace
}  // namespace medpfl
