#include "attacks/matching/priors.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"

namespace medpfl {
namespace {

const Prior& prior(const std::string& name) {
  for (const Prior& p : priors())
    if (p.name == name) return p;
  throw std::runtime_error(name);
}

double value(const std::string& name, const std::vector<float>& images, const ImageView& shape) {
  std::vector<float> gradient(images.size());
  ImageView view = shape;
  view.data = images.data();
  return prior(name).evaluate(view, 1, gradient.data());
}

TEST(Priors, ByHandOnTwoByThreePixels) {
  const std::vector<float> image = {0, 3, 3, 4, 3, 0};
  const ImageView shape{nullptr, 1, 1, 2, 3};
  // To the right 3, 0, 1, 3; downward 4, 0, 3.
  EXPECT_NEAR(value("tv", image, shape), 7.0 / 4 + 7.0 / 3, 1e-6);
  // Lengths (3, 4), (0, 0), (-, 3); (1, -), (3, -), none.
  EXPECT_NEAR(value("tv_isotropic", image, shape), (5 + 0 + 3 + 1 + 3 + 0) / 6.0, 1e-3);
  EXPECT_NEAR(value("image_l2", image, shape), 43.0 / 6, 1e-6);
  EXPECT_DOUBLE_EQ(value("tv_colour", image, shape), value("tv_isotropic", image, shape));
}

TEST(Priors, OpponentColoursPunishColouredEdges) {
  // One step of height 1 in all channels, and the same in red alone.
  const ImageView shape{nullptr, 1, 3, 1, 2};
  EXPECT_NEAR(value("tv_colour", {0, 1, 0, 1, 0, 1}, shape), 3.0 / 12, 1e-3);
  EXPECT_NEAR(value("tv_colour", {0, 1, 0, 0, 0, 0}, shape), 3.0 / 12, 1e-3);
  EXPECT_NEAR(value("tv_isotropic", {0, 1, 0, 1, 0, 1}, shape), 3.0 / 6, 1e-3);
  EXPECT_NEAR(value("tv_isotropic", {0, 1, 0, 0, 0, 0}, shape), 1.0 / 6, 1e-3);
}

TEST(Priors, OnePixelHasNoVariation) {
  EXPECT_EQ(value("tv", {0.5F}, {nullptr, 1, 1, 1, 1}), 0);
  EXPECT_NEAR(value("tv_isotropic", {0.5F}, {nullptr, 1, 1, 1, 1}), 0, 2e-4);
}

TEST(Priors, GradientsAgreeWithCentralDifferencesAndAddUp) {
  for (const int64_t channels : {1, 3}) {
    ImageView view{nullptr, 2, channels, 4, 5};
    RandomStream random({4, Purpose::kBenchmark, 0, 0, 0});
    std::vector<float> images(static_cast<size_t>(view.size())), unused(images.size());
    for (float& v : images) v = static_cast<float>(random.uniform());
    view.data = images.data();
    for (const Prior& p : priors()) {
      std::vector<float> gradient(images.size(), 10);
      p.evaluate(view, 0.3, gradient.data());
      double largest = 0;
      for (const float g : gradient) largest = std::max<double>(largest, std::abs(g - 10));
      ASSERT_GT(largest, 0);
      for (size_t i = 0; i < images.size(); ++i) {
        const float kept = images[i];
        images[i] = kept + 1e-4F;
        const double high = images[i], above = p.evaluate(view, 1, unused.data());
        images[i] = kept - 1e-4F;
        const double slope = (above - p.evaluate(view, 1, unused.data())) / (high - images[i]);
        images[i] = kept;
        EXPECT_NEAR(gradient[i] - 10, 0.3 * slope, 2e-3 * largest + 2e-6) << p.name << " " << i;
      }
    }
  }
}

TEST(GroupConsistency, ByHandAndAgainstCentralDifferences) {
  // Two values of three members, each followed by one that does not count.
  std::vector<float> x = {0, 1, 9, 3, 1, 7, 6, 4, 5}, gradient(9, 10), unused(9);
  const auto value = [&] { return group_consistency(x.data(), 3, 3, 2, 1, unused.data()); };
  EXPECT_DOUBLE_EQ(value(), ((9 + 0 + 9) + (1 + 1 + 4)) / 2.0);
  group_consistency(x.data(), 3, 3, 2, 0.5, gradient.data());
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] += 0.25F;
    const double above = value();
    x[i] -= 0.5F;
    EXPECT_NEAR(gradient[i] - 10, 0.5 * (above - value()) / 0.5, 1e-5) << i;
    x[i] += 0.25F;
  }
}

TEST(MedianFilter, RemovesASpeckAndKeepsAnEdge) {
  std::vector<float> images = {
      0, 0, 1, 1, 0, 9, 1, 1, 0, 0, 1, 1,  // an edge, and a speck left of it
      5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
  };
  median_filter(images.data(), 2, 3, 4);
  EXPECT_EQ(std::vector<float>(images.begin(), images.begin() + 12),
            (std::vector<float>{0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(std::vector<float>(images.begin() + 12, images.end()), std::vector<float>(12, 5));
}

}  // namespace
}  // namespace medpfl
