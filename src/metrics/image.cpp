#include "metrics/image.hpp"

#include <ATen/ops/avg_pool2d.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>
#include <vector>

#include "core/error.hpp"
#include "metrics/window_means.hpp"

namespace medpfl {
namespace {

constexpr int64_t kWindow = 11;
constexpr double kC1 = 0.01 * 0.01;  // (K1 * data range)^2
constexpr double kC2 = 0.03 * 0.03;
constexpr std::array<double, 5> kScaleWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr int64_t kBandRows = 16;   // rows of windows between two looks at what can be reached
constexpr double kRounding = 1e-9;  // more than rounding adds to a mean over windows

// float32, on the CPU, contiguous.
at::Tensor comparable(const at::Tensor& image) {
  return image.detach().to(at::kCPU, at::kFloat).contiguous();
}

void require_same_shape(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() == b.sizes() && a.numel() > 0) return;
  std::ostringstream shapes;
  shapes << a.sizes() << " and " << b.sizes();
  throw Error(
      ExitCode::kInternal,
      fmt::format("images of shapes {} cannot be compared: give two of one shape, not empty",
                  shapes.str()));
}

// NaN stays NaN.
double clamped(float value) { return std::clamp(static_cast<double>(value), 0.0, 1.0); }

void require_images(const at::Tensor& a, const at::Tensor& b) {
  require_same_shape(a, b);
  if (a.dim() != 3)
    throw Error(ExitCode::kInternal,
                fmt::format("images to compare must be [C, H, W], got {} dimensions", a.dim()));
}

// Of two images in one window.
struct WindowMoments {
  double means;                  // sum of the squares of both means
  double cross;                  // product of the means
  double variances, covariance;  // sum of both variances
};

constexpr auto kStructure = [](const WindowMoments& w) {  // and contrast
  return (2 * w.covariance + kC2) / (w.variances + kC2);
};
constexpr auto kSimilarity = [](const WindowMoments& w) {
  return (2 * w.cross + kC1) * (2 * w.covariance + kC2) / ((w.means + kC1) * (w.variances + kC2));
};

// Sums over the windows of two images; owns the buffers of all sums.
class WindowSums {
 public:
  WindowSums(const at::Tensor& a, const at::Tensor& b) : means_(a, b) {}

  int64_t channels() const { return means_.channels(); }
  int64_t rows() const { return means_.rows(); }        // of windows
  int64_t columns() const { return means_.columns(); }  // windows of a row
  int64_t windows() const { return channels() * rows() * columns(); }

  // Adds the term of each window of rows first ... first + rows - 1 of a channel.
  template <class Term>
  void add(int64_t channel, int64_t first, int64_t rows, Term term, double* sum) {
    means_.load(channel, first, rows);
    means_.mean([](double x, double) { return x; }, &x_);
    means_.mean([](double, double y) { return y; }, &y_);
    // Only the sum of both variances is needed, hence one filter for both.
    means_.mean([](double x, double y) { return x * x + y * y; }, &squares_);
    means_.mean([](double x, double y) { return x * y; }, &products_);
    for (size_t i = 0; i < x_.size(); ++i) {
      const double means = x_[i] * x_[i] + y_[i] * y_[i];
      const double cross = x_[i] * y_[i];
      *sum += term(WindowMoments{means, cross, squares_[i] - means, products_[i] - cross});
    }
  }

 private:
  WindowMeans means_;
  std::vector<double> x_, y_, squares_, products_;
};

// An image [C, H, W] at half its size: the means of blocks of 2 x 2 pixels, clamped to [0, 1].
at::Tensor halved(const at::Tensor& image) {
  return at::avg_pool2d(comparable(image).clamp(0, 1), {2, 2});
}

}  // namespace

double mse(const at::Tensor& a, const at::Tensor& b) {
  require_same_shape(a, b);
  const at::Tensor left = comparable(a), right = comparable(b);
  const float* x = left.data_ptr<float>();
  const float* y = right.data_ptr<float>();
  double sum = 0;
  for (int64_t i = 0; i < left.numel(); ++i) {
    const double difference = clamped(x[i]) - clamped(y[i]);
    sum += difference * difference;
  }
  return sum / static_cast<double>(left.numel());
}

double psnr_from_mse(double mse) { return mse <= 1e-10 ? 100.0 : -10.0 * std::log10(mse); }

int64_t ssim_window(int64_t height, int64_t width) {
  const int64_t side = std::min({height, width, kWindow});
  return side % 2 == 1 ? side : side - 1;
}

double ssim(const at::Tensor& a, const at::Tensor& b) {
  require_images(a, b);
  WindowSums sums(a, b);
  double sum = 0;
  for (int64_t c = 0; c < sums.channels(); ++c) sums.add(c, 0, sums.rows(), kSimilarity, &sum);
  return sum / static_cast<double>(sums.windows());
}

bool ssim_reaches(const at::Tensor& a, const at::Tensor& b, double least) {
  require_images(a, b);
  WindowSums sums(a, b);
  const auto windows = static_cast<double>(sums.windows());
  const int64_t bands = (sums.rows() + kBandRows - 1) / kBandRows;
  double sum = 0, left = windows;
  for (int64_t i = 0; i < bands; ++i) {
    // From the middle on: borders are often black in both images, and tell least.
    const int64_t first = (bands / 2 + i) % bands * kBandRows;
    const int64_t rows = std::min(kBandRows, sums.rows() - first);
    for (int64_t c = 0; c < sums.channels(); ++c) {
      sums.add(c, first, rows, kSimilarity, &sum);
      left -= static_cast<double>(rows * sums.columns());
      // No window has a similarity above 1.
      if ((sum + left) / windows < least - kRounding) return false;
    }
  }
  return ssim(a, b) >= least;
}

int64_t ms_ssim_scales(int64_t height, int64_t width) {
  int64_t scales = 1;
  for (int64_t side = std::min(height, width) / 2;
       side >= kWindow && scales < static_cast<int64_t>(kScaleWeights.size()); side /= 2)
    ++scales;
  return scales;
}

double ms_ssim(const at::Tensor& a, const at::Tensor& b) {
  require_images(a, b);
  const int64_t scales = ms_ssim_scales(a.size(1), a.size(2));
  const bool all = scales == static_cast<int64_t>(kScaleWeights.size());
  const double total =
      all ? 1 : std::accumulate(kScaleWeights.begin(), kScaleWeights.begin() + scales, 0.0);
  std::vector<double> products(static_cast<size_t>(a.size(0)), 1.0);
  at::Tensor x = a, y = b;
  for (int64_t scale = 0; scale < scales; ++scale) {
    if (scale > 0) {
      x = halved(x);
      y = halved(y);
    }
    const double weight = kScaleWeights[static_cast<size_t>(scale)] / total;
    WindowSums sums(x, y);
    for (int64_t c = 0; c < sums.channels(); ++c) {
      double sum = 0;
      if (scale + 1 < scales)
        sums.add(c, 0, sums.rows(), kStructure, &sum);
      else
        sums.add(c, 0, sums.rows(), kSimilarity, &sum);
      const double mean = sum / static_cast<double>(sums.rows() * sums.columns());
      // A comparison that NaN fails, so that it stays NaN.
      products[static_cast<size_t>(c)] *= std::pow(mean < 0 ? 0.0 : mean, weight);
    }
  }
  return std::accumulate(products.begin(), products.end(), 0.0) /
         static_cast<double>(products.size());
}

double perceptual_mse(const at::Tensor& truth, const at::Tensor& reconstruction) {
  require_images(truth, reconstruction);
  WindowMeans means(truth, reconstruction);
  std::vector<double> mean, squares, errors;
  double sum = 0;
  for (int64_t c = 0; c < means.channels(); ++c) {
    means.load(c, 0, means.rows());
    means.mean([](double x, double) { return x; }, &mean);
    means.mean([](double x, double) { return x * x; }, &squares);
    means.mean([](double x, double y) { return (x - y) * (x - y); }, &errors);
    for (size_t i = 0; i < mean.size(); ++i) {
      const double variance = std::max(squares[i] - mean[i] * mean[i], 0.0);
      sum += errors[i] * kC2 / (2 * variance + kC2);
    }
  }
  return sum / static_cast<double>(means.channels() * means.rows() * means.columns());
}

double rdlv(double ssim_reconstruction, double ssim_prior) {
  if (!(ssim_prior > 0)) return std::numeric_limits<double>::quiet_NaN();
  return (ssim_reconstruction - ssim_prior) / ssim_prior;
}

}  // namespace medpfl
