#include "metrics/window_means.hpp"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace medpfl {
namespace {

constexpr int64_t kHeight = 19, kWidth = 14, kSide = 11;

// Channel 1 is twice channel 0, and goes beyond 1.
at::Tensor ramp(double step) {
  at::Tensor out = at::zeros({2, kHeight, kWidth});
  for (int64_t c = 0; c < 2; ++c)
    for (int64_t i = 0; i < kHeight; ++i)
      for (int64_t j = 0; j < kWidth; ++j)
        out.data_ptr<float>()[(c * kHeight + i) * kWidth + j] =
            static_cast<float>(step * static_cast<double>((c + 1) * (3 * i + j)));
  return out;
}

std::vector<double> means_of(WindowMeans* means, int64_t channel, int64_t first, int64_t rows) {
  std::vector<double> out;
  means->load(channel, first, rows);
  means->mean([](double x, double y) { return x - y * y; }, &out);
  return out;
}

TEST(WindowMeans, AreThoseOfTheDefinition) {
  const at::Tensor a = ramp(0.01), b = ramp(0.008);
  WindowMeans means(a, b);
  EXPECT_EQ(means.channels(), 2);
  EXPECT_EQ(means.rows(), kHeight - kSide + 1);
  EXPECT_EQ(means.columns(), kWidth - kSide + 1);
  for (int64_t c = 0; c < 2; ++c) {
    const std::vector<double> found = means_of(&means, c, 0, means.rows());
    ASSERT_EQ(found.size(), static_cast<size_t>(means.rows() * means.columns()));
    for (int64_t row = 0; row < means.rows(); ++row)
      for (int64_t column = 0; column < means.columns(); ++column) {
        double sum = 0, weights = 0;
        for (int64_t i = 0; i < kSide; ++i)
          for (int64_t j = 0; j < kSide; ++j) {
            const auto far = static_cast<double>((i - 5) * (i - 5) + (j - 5) * (j - 5));
            const double weight = std::exp(-far / (2 * 1.5 * 1.5));
            const int64_t at = (c * kHeight + row + i) * kWidth + column + j;
            const double x = std::min(1.0F, a.data_ptr<float>()[at]);
            const double y = std::min(1.0F, b.data_ptr<float>()[at]);
            sum += weight * (x - y * y);
            weights += weight;
          }
        EXPECT_NEAR(found[static_cast<size_t>(row * means.columns() + column)], sum / weights,
                    1e-12);
      }
  }
}

TEST(WindowMeans, BandsHaveTheMeansOfTheWhole) {
  WindowMeans means(ramp(0.01), ramp(0.008));
  const std::vector<double> whole = means_of(&means, 1, 0, means.rows());
  std::vector<double> together;
  for (int64_t first = 0; first < means.rows(); first += 4) {
    const std::vector<double> band =
        means_of(&means, 1, first, std::min<int64_t>(4, means.rows() - first));
    together.insert(together.end(), band.begin(), band.end());
  }
  EXPECT_EQ(together, whole);
}

}  // namespace
}  // namespace medpfl
