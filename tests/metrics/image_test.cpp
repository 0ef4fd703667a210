#include "metrics/image.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace medpfl::image_test {
namespace {

// The images of reference_numbers.py, which printed the numbers below.
at::Tensor image(int64_t channels, int64_t height, int64_t width,
                 const std::function<double(int64_t, int64_t, int64_t)>& value) {
  at::Tensor out = at::zeros({channels, height, width}, at::kFloat);
  float* pixel = out.data_ptr<float>();
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < width; ++j) *pixel++ = static_cast<float>(value(c, i, j));
  return out;
}

at::Tensor pattern(int64_t channels, int64_t height, int64_t width, int64_t shift = 0) {
  return image(channels, height, width, [&](int64_t c, int64_t i, int64_t j) {
    return static_cast<double>((i * 37 + j * 101 + c * 59 + shift) % 256) / 255;
  });
}

at::Tensor smooth(int64_t channels, int64_t height, int64_t width) {
  return image(channels, height, width, [](int64_t c, int64_t i, int64_t j) {
    return 0.5 + 0.4 * std::sin(0.3 * static_cast<double>(i) + 0.2 * static_cast<double>(j) +
                                static_cast<double>(c));
  });
}

at::Tensor mix(const at::Tensor& a, const at::Tensor& b, double share) {
  return a.to(at::kDouble).mul(1 - share).add(b.to(at::kDouble).mul(share)).to(at::kFloat);
}

at::Tensor stretch(const at::Tensor& a) { return a.to(at::kDouble).mul(2).sub(0.5).to(at::kFloat); }

struct Case {
  const char* name;
  at::Tensor a, b;
  double ssim, psnr;
};

TEST(Image, AgreesWithScikitImage) {
  const std::vector<Case> cases = {
      {"smooth", smooth(3, 32, 32), mix(smooth(3, 32, 32), pattern(3, 32, 32), 0.15), 0.9119650200,
       24.3451292003},
      {"half", smooth(1, 64, 48), mix(smooth(1, 64, 48), pattern(1, 64, 48), 0.5), 0.4028362944,
       13.9092877795},
      {"unrelated", pattern(3, 32, 32), smooth(3, 32, 32), 0.0077618199, 7.8669544063},
      {"shifted", pattern(2, 20, 11), pattern(2, 20, 11, 40), 0.2165586531, 8.7528172077},
      {"clamped", stretch(smooth(3, 32, 32)),
       stretch(mix(smooth(3, 32, 32), pattern(3, 32, 32), 0.3)), 0.6358009367, 15.6656308699},
  };
  for (const Case& c : cases) {
    EXPECT_NEAR(ssim(c.a, c.b), c.ssim, 1e-6) << c.name;
    EXPECT_NEAR(psnr_from_mse(mse(c.a, c.b)), c.psnr, 1e-6) << c.name;
    EXPECT_DOUBLE_EQ(ssim(c.a, c.b), ssim(c.b, c.a)) << c.name;
    EXPECT_NEAR(ssim(c.a, c.a), 1, 1e-12) << c.name;
  }
}

TEST(Image, SmallImagesGetASmallerOddWindow) {
  EXPECT_EQ(ssim_window(224, 224), 11);
  EXPECT_EQ(ssim_window(11, 300), 11);
  EXPECT_EQ(ssim_window(300, 10), 9);
  EXPECT_EQ(ssim_window(8, 8), 7);
  EXPECT_EQ(ssim_window(1, 5), 1);
  EXPECT_NEAR(ssim(smooth(1, 8, 8), mix(smooth(1, 8, 8), pattern(1, 8, 8), 0.3)), 0.4704034514,
              1e-6);
  EXPECT_NEAR(ssim(smooth(1, 9, 30), mix(smooth(1, 9, 30), pattern(1, 9, 30), 0.3)), 0.7035416846,
              1e-6);
  EXPECT_NEAR(ssim(at::full({1, 1, 1}, 0.5), at::full({1, 1, 1}, 0.5)), 1, 1e-12);
}

TEST(Image, FlatImagesDifferInLuminanceOnly) {
  // Variances are 0, so SSIM = (2ab + C1) / (a^2 + b^2 + C1).
  const double expected = (2 * 0.25 * 0.75 + 1e-4) / (0.0625 + 0.5625 + 1e-4);
  EXPECT_NEAR(ssim(at::full({1, 16, 16}, 0.25), at::full({1, 16, 16}, 0.75)), expected, 1e-9);
}

TEST(Image, ViewsAreReadInTheirOwnOrder) {
  const at::Tensor wide = smooth(1, 24, 16), other = pattern(1, 24, 16);
  EXPECT_NEAR(ssim(wide.transpose(1, 2), other.transpose(1, 2)), ssim(wide, other), 1e-12);
  EXPECT_NEAR(mse(wide.transpose(1, 2), other.transpose(1, 2)), mse(wide, other), 1e-12);
}

TEST(Image, MseClampsAndPsnrIsCapped) {
  EXPECT_DOUBLE_EQ(mse(at::full({2, 3}, 7.0), at::full({2, 3}, 1.0)), 0);
  EXPECT_DOUBLE_EQ(mse(at::full({2, 3}, -7.0), at::full({2, 3}, 0.5)), 0.25);
  EXPECT_DOUBLE_EQ(psnr_from_mse(0), 100);
  EXPECT_DOUBLE_EQ(psnr_from_mse(1e-12), 100);
  EXPECT_NEAR(psnr_from_mse(1e-9), 90, 1e-9);
  EXPECT_NEAR(psnr_from_mse(0.01), 20, 1e-12);
  EXPECT_DOUBLE_EQ(psnr_from_mse(1), 0);
}

// The numbers are those of reference_weighted.py.
struct WeightedCase {
  const char* name;
  at::Tensor a, b;
  int64_t scales;
  double ms_ssim, perceptual_mse;
};

at::Tensor noisy(const at::Tensor& a, double share) {
  return mix(a, pattern(a.size(0), a.size(1), a.size(2)), share);
}

TEST(Image, MultiScaleAndPerceptualScoresAgreeWithTheirRules) {
  const std::vector<WeightedCase> cases = {
      {"five", smooth(1, 176, 190), noisy(smooth(1, 176, 190), 0.3), 5, 0.9268341400, 0.0005257918},
      {"odd", smooth(2, 45, 61), noisy(smooth(2, 45, 61), 0.5), 3, 0.7542272889, 0.0014591398},
      {"two", smooth(3, 32, 32), noisy(smooth(3, 32, 32), 0.15), 2, 0.9742709672, 0.0001314477},
      {"unrelated", pattern(1, 64, 64), smooth(1, 64, 64), 3, 0.0498113103, 0.0008685958},
      {"opposite", smooth(1, 32, 32), smooth(1, 32, 32).neg().add(1), 2, 0, 0.0125572009},
      {"one", smooth(3, 21, 40), noisy(smooth(3, 21, 40), 0.3), 1, 0.6982263521, 0.0005298556},
      {"small", smooth(1, 8, 8), noisy(smooth(1, 8, 8), 0.3), 1, 0.4704034514, 0.0016329986},
  };
  for (const WeightedCase& c : cases) {
    EXPECT_EQ(ms_ssim_scales(c.a.size(1), c.a.size(2)), c.scales) << c.name;
    EXPECT_NEAR(ms_ssim(c.a, c.b), c.ms_ssim, 1e-6) << c.name;
    EXPECT_NEAR(ms_ssim(c.a, c.a), 1, 1e-12) << c.name;
    EXPECT_NEAR(perceptual_mse(c.a, c.b), c.perceptual_mse, 1e-9) << c.name;
    EXPECT_EQ(perceptual_mse(c.a, c.a), 0) << c.name;
  }
  const at::Tensor wide = stretch(smooth(3, 32, 32)), other = stretch(pattern(3, 32, 32));
  EXPECT_EQ(ms_ssim(wide, other), ms_ssim(wide.clamp(0, 1), other.clamp(0, 1)));
}

TEST(Image, ScalesEndWhereTheWindowNoLongerFits) {
  EXPECT_EQ(ms_ssim_scales(176, 500), 5);
  EXPECT_EQ(ms_ssim_scales(175, 500), 4);
  EXPECT_EQ(ms_ssim_scales(22, 22), 2);
  EXPECT_EQ(ms_ssim_scales(21, 500), 1);
  EXPECT_EQ(ms_ssim_scales(1, 1), 1);
  EXPECT_EQ(ms_ssim_scales(4000, 4000), 5);
}

TEST(Image, TextureOfTheTruthMasksErrors) {
  const at::Tensor flat = at::full({1, 16, 16}, 0.5);
  EXPECT_NEAR(perceptual_mse(flat, at::full({1, 16, 16}, 0.75)), 0.0625, 1e-12);
  EXPECT_NEAR(perceptual_mse(flat, pattern(1, 16, 16)), mse(flat, pattern(1, 16, 16)), 0.01);
  EXPECT_LT(perceptual_mse(pattern(1, 16, 16), flat),
            perceptual_mse(flat, pattern(1, 16, 16)) / 50);
}

TEST(Image, NanIsNeverAGoodScore) {
  at::Tensor broken = smooth(1, 16, 16).clone();
  broken.data_ptr<float>()[40] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(mse(broken, smooth(1, 16, 16))));
  EXPECT_TRUE(std::isnan(ssim(broken, smooth(1, 16, 16))));
  EXPECT_TRUE(std::isnan(ms_ssim(broken, smooth(1, 16, 16))));
  EXPECT_TRUE(std::isnan(perceptual_mse(broken, smooth(1, 16, 16))));
  EXPECT_TRUE(std::isnan(psnr_from_mse(std::numeric_limits<double>::quiet_NaN())));
}

TEST(Image, RdlvIsTheGainOverThePrior) {
  EXPECT_NEAR(rdlv(0.9, 0.6), 0.5, 1e-12);
  EXPECT_NEAR(rdlv(0.3, 0.6), -0.5, 1e-12);
  EXPECT_DOUBLE_EQ(rdlv(0.6, 0.6), 0);
  EXPECT_TRUE(std::isnan(rdlv(0.6, 0)));
  EXPECT_TRUE(std::isnan(rdlv(0.6, -0.1)));
}

TEST(Image, ShapesMustAgree) {
  try {
    mse(at::zeros({1, 4, 4}), at::zeros({1, 4, 5}));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("[1, 4, 4] and [1, 4, 5]"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(ssim(at::zeros({1, 4, 4}), at::zeros({3, 4, 4})), Error);
  EXPECT_THROW(ssim(at::zeros({4, 4}), at::zeros({4, 4})), Error);
  EXPECT_THROW(ms_ssim(at::zeros({1, 4, 4}), at::zeros({3, 4, 4})), Error);
  EXPECT_THROW(perceptual_mse(at::zeros({4, 4}), at::zeros({4, 4})), Error);
}

// By the definition, at every depth at which an answer may be known.
TEST(Image, ReachesWhatSsimReaches) {
  for (const int64_t height : {8, 12, 40, 75})
    for (const double share : {0.0, 0.05, 0.15, 0.5, 1.0}) {
      const at::Tensor a = smooth(3, height, 50);
      const at::Tensor b = mix(a, pattern(3, height, 50), share);
      const double value = ssim(a, b);
      for (const double least : {-1.0, 0.0, 0.5, 0.9, 0.99, 1.01})
        EXPECT_EQ(ssim_reaches(a, b, least), value >= least)
            << height << " " << share << " " << least;
      EXPECT_TRUE(ssim_reaches(a, b, value));
      EXPECT_FALSE(ssim_reaches(a, b, value + 1e-12));
    }
  EXPECT_THROW(ssim_reaches(smooth(1, 8, 8), smooth(1, 8, 9), 0.9), Error);
}

TEST(Image, NotANumberReachesNothing) {
  at::Tensor bad = smooth(1, 40, 40);
  bad.data_ptr<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(ssim_reaches(bad, smooth(1, 40, 40), 0.1));
}

}  // namespace
}  // namespace medpfl::image_test
