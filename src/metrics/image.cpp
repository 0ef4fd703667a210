#include "metrics/image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr double kSigma = 1.5;
constexpr int64_t kWindow = 11;
constexpr double kC1 = 0.01 * 0.01;  // (K1 * data range)^2
constexpr double kC2 = 0.03 * 0.03;
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

std::vector<double> gaussian_window(int64_t side) {
  std::vector<double> window(static_cast<size_t>(side));
  double sum = 0;
  for (int64_t i = 0; i < side; ++i) {
    const double x = static_cast<double>(i - side / 2) / kSigma;
    sum += window[static_cast<size_t>(i)] = std::exp(-0.5 * x * x);
  }
  for (double& weight : window) weight /= sum;
  return window;
}

void require_images(const at::Tensor& a, const at::Tensor& b) {
  require_same_shape(a, b);
  if (a.dim() != 3)
    throw Error(ExitCode::kInternal,
                fmt::format("ssim needs images [C, H, W], got {} dimensions", a.dim()));
}

// Sums of the similarity of two images [C, H, W] over their windows; owns the buffers of all sums.
class WindowSums {
 public:
  WindowSums(const at::Tensor& a, const at::Tensor& b)
      : left_(comparable(a)),
        right_(comparable(b)),
        width_(a.size(2)),
        window_(gaussian_window(ssim_window(a.size(1), a.size(2)))),
        rows_(a.size(1) - side() + 1),
        columns_(width_ - side() + 1) {}

  int64_t channels() const { return left_.size(0); }
  int64_t rows() const { return rows_; }        // of windows
  int64_t columns() const { return columns_; }  // windows of a row
  int64_t windows() const { return channels() * rows_ * columns_; }

  // Adds the similarities of rows first ... first + rows - 1 of a channel, window by window.
  void add(int64_t channel, int64_t first, int64_t rows, double* sum) {
    const int64_t at = (channel * left_.size(1) + first) * width_;
    const float* pixels_x = left_.data_ptr<float>() + at;
    const float* pixels_y = right_.data_ptr<float>() + at;
    const auto pixels = static_cast<size_t>((rows + side() - 1) * width_);
    for (std::vector<double>* all : {&x_, &y_, &squares_, &products_}) all->resize(pixels);
    for (size_t i = 0; i < pixels; ++i) {
      x_[i] = clamped(pixels_x[i]);
      y_[i] = clamped(pixels_y[i]);
      // Only the sum of both variances is needed, hence one filter for both.
      squares_[i] = x_[i] * x_[i] + y_[i] * y_[i];
      products_[i] = x_[i] * y_[i];
    }
    filter(x_, rows, &mean_x_);
    filter(y_, rows, &mean_y_);
    filter(squares_, rows, &mean_squares_);
    filter(products_, rows, &mean_products_);
    for (size_t i = 0; i < mean_x_.size(); ++i) {
      const double means = mean_x_[i] * mean_x_[i] + mean_y_[i] * mean_y_[i];
      const double cross = mean_x_[i] * mean_y_[i];
      const double variances = mean_squares_[i] - means;
      const double covariance = mean_products_[i] - cross;
      *sum += (2 * cross + kC1) * (2 * covariance + kC2) / ((means + kC1) * (variances + kC2));
    }
  }

 private:
  int64_t side() const { return static_cast<int64_t>(window_.size()); }

  // Gaussian means over the windows of so many rows.
  void filter(const std::vector<double>& in, int64_t rows, std::vector<double>* out) {
    const int64_t height = rows + side() - 1;
    across_.assign(static_cast<size_t>(height * columns_), 0.0);
    for (int64_t y = 0; y < height; ++y)
      for (int64_t k = 0; k < side(); ++k)
        accumulate(window_[static_cast<size_t>(k)], in.data() + y * width_ + k,
                   across_.data() + y * columns_);
    out->assign(static_cast<size_t>(rows * columns_), 0.0);
    for (int64_t y = 0; y < rows; ++y)
      for (int64_t k = 0; k < side(); ++k)
        accumulate(window_[static_cast<size_t>(k)], across_.data() + (y + k) * columns_,
                   out->data() + y * columns_);
  }

  void accumulate(double weight, const double* in, double* out) const {
    for (int64_t x = 0; x < columns_; ++x) out[x] += weight * in[x];
  }

  at::Tensor left_, right_;
  int64_t width_;
  std::vector<double> window_;
  int64_t rows_, columns_;
  std::vector<double> x_, y_, squares_, products_, across_;
  std::vector<double> mean_x_, mean_y_, mean_squares_, mean_products_;
};

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
  for (int64_t c = 0; c < sums.channels(); ++c) sums.add(c, 0, sums.rows(), &sum);
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
      sums.add(c, first, rows, &sum);
      left -= static_cast<double>(rows * sums.columns());
      // No window has a similarity above 1.
      if ((sum + left) / windows < least - kRounding) return false;
    }
  }
  return ssim(a, b) >= least;
}

double rdlv(double ssim_reconstruction, double ssim_prior) {
  if (!(ssim_prior > 0)) return std::numeric_limits<double>::quiet_NaN();
  return (ssim_reconstruction - ssim_prior) / ssim_prior;
}

}  // namespace medpfl
