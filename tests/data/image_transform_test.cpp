#include "data/image_transform.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "data/image_file.hpp"
#include "fixtures.hpp"

namespace medpfl {
namespace {

using namespace fixtures;  // NOLINT: the fixtures of these tests only

// Pixels by formula, so that the reference numbers can be made anew in Python:
// Image.fromarray(a).resize((size, size), Image.BILINEAR), Pillow 9.4.
at::Tensor formula(int64_t channels, int64_t height, int64_t width) {
  at::Tensor image = at::empty({channels, height, width}, at::kByte);
  uint8_t* out = image.data_ptr<uint8_t>();
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        int64_t value = 7 * y * y + 13 * x + 5 * x * y;
        if (channels == 3)
          value = c == 0 ? 31 * x + 3 * y : c == 1 ? 17 * y + x * x : 11 * x * y + 40;
        *out++ = static_cast<uint8_t>(value % 256);
      }
  return image;
}

TEST(FitImage, ShrinksAsPillow) {
  expect_near(fit_image(formula(1, 9, 13), 1, 5),
              {22,  59,  100, 138, 161, 60,  114, 152, 132, 94,  146, 158, 110,
               112, 160, 147, 127, 155, 109, 110, 154, 128, 150, 118, 92},
              1);
}

TEST(FitImage, GrowsAsPillow) {
  expect_near(fit_image(formula(1, 3, 4), 1, 6),
              {0,  7,  15, 24, 33, 39, 2,  9,  18, 28, 38, 45, 5,  14, 25, 36, 47, 56,
               12, 22, 35, 48, 61, 70, 23, 34, 48, 63, 78, 88, 28, 40, 55, 70, 86, 97},
              1);
}

TEST(FitImage, ShrinksOneSideAndGrowsTheOther) {
  expect_near(fit_image(formula(1, 6, 2), 1, 3), {7, 16, 24, 49, 62, 75, 132, 149, 166}, 1);
}

TEST(FitImage, ColourAsPillow) {
  expect_near(fit_image(formula(3, 11, 7), 3, 4),
              {19, 67, 125, 173, 27, 75,  133, 181, 35,  83,  141, 189, 43,  91,  149, 197,
               21, 25, 36,  50,  63, 67,  78,  92,  109, 113, 124, 138, 151, 155, 166, 180,
               47, 66, 89,  109, 61, 124, 138, 123, 77,  153, 103, 143, 87,  134, 132, 122},
              1);
}

TEST(FitImage, ColourToGreyAsPillow) {
  expect_near(fit_image(formula(3, 11, 7), 1, 4),
              {23, 42, 68, 94, 52, 76, 101, 123, 83, 109, 126, 154, 112, 134, 157, 179}, 1);
}

TEST(FitImage, RealImagesAsPillow) {
  with_real_data([](const std::string& root) {
    expect_near(
        fit_image(
            read_image_file(root + "/brain_tumor_mri/Training/glioma/Tr-glTr_0000.jpg").levels, 1,
            8),
        {1,  2,  2,  5,  6,  2,  2,  1,  1,  3,  22, 55, 58, 27, 4,  1,  0,  12, 66, 80, 73, 63,
         14, 0,  0,  23, 71, 79, 74, 69, 29, 0,  0,  29, 78, 69, 62, 83, 49, 0,  0,  29, 79, 66,
         77, 72, 45, 1,  1,  12, 61, 61, 63, 67, 38, 1,  1,  3,  19, 33, 36, 34, 9,  1},
        1);
    expect_near(
        fit_image(read_image_file(root + "/covid_cxr_3class/train/Covid/006f3a8a.png").levels, 1,
                  8),
        {50, 66,  74,  91,  94,  99, 110, 73,  96, 97,  89,  92,  96,  98, 97,  97,
         96, 96,  79,  88,  96,  80, 93,  97,  92, 100, 74,  93,  102, 70, 98,  102,
         82, 100, 80,  99,  106, 76, 96,  96,  76, 101, 83,  103, 103, 94, 95,  103,
         77, 105, 100, 105, 103, 95, 102, 105, 81, 109, 101, 101, 100, 99, 107, 104},
        1);
  });
}

TEST(FitImage, GreyIsRepeatedAndTheSameSizeIsUntouched) {
  const at::Tensor image = formula(1, 6, 6);
  const at::Tensor fitted = fit_image(image, 3, 6);
  ASSERT_EQ(fitted.sizes(), at::IntArrayRef({3, 6, 6}));
  for (int64_t c = 0; c < 3; ++c) EXPECT_TRUE(fitted.select(0, c).equal(image.select(0, 0)));
}

TEST(FitImage, LumaWeights) {
  for (const auto& [channel, grey] :
       std::vector<std::pair<int64_t, int>>{{0, 76}, {1, 150}, {2, 29}}) {
    at::Tensor image = at::full({3, 1, 1}, 0, at::kByte);
    image.select(0, channel).fill_(255);
    EXPECT_EQ(values(fit_image(image, 1, 1)), std::vector<int>{grey});
  }
}

TEST(FitImage, ConstantStaysConstant) {
  EXPECT_EQ(values(fit_image(at::full({1, 37, 53}, 255, at::kByte), 1, 8)),
            std::vector<int>(64, 255));
}

// What is real stays real: nothing is rounded to gray levels on the way.
TEST(FitImage, RealPixelsAreNotRounded) {
  const at::Tensor unit = formula(3, 4, 4).to(at::kFloat).div(255);
  const at::Tensor grey = fit_image(unit, 1, 4);
  EXPECT_EQ(grey.scalar_type(), at::kFloat);
  const float* rgb = unit.data_ptr<float>();
  for (int64_t i = 0; i < 16; ++i)
    EXPECT_NEAR(grey.data_ptr<float>()[i],
                0.299 * rgb[i] + 0.587 * rgb[16 + i] + 0.114 * rgb[32 + i], 1e-6);
  // The middle of 2 x 2 pixels is their mean.
  const at::Tensor small = fit_image(formula(1, 2, 2).to(at::kFloat).div(65535), 1, 1);
  EXPECT_NEAR(*small.data_ptr<float>(), (0 + 13 + 7 + 25) / 4.0 / 65535, 1e-9);
}

TEST(FitImage, ImpossibleRequestsAreRefused) {
  const at::Tensor image = formula(1, 4, 4);
  EXPECT_THROW(fit_image(image, 2, 8), ConfigError);
  EXPECT_THROW(fit_image(image, 1, 0), ConfigError);
  EXPECT_THROW(fit_image(image.to(at::kDouble), 1, 8), Error);
}

}  // namespace
}  // namespace medpfl
