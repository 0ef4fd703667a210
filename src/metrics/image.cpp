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

// Gaussian means of an image over its valid region; owns the buffers of all calls.
class ValidFilter {
 public:
  ValidFilter(int64_t height, int64_t width)
      : window_(gaussian_window(ssim_window(height, width))),
        height_(height),
        width_(width),
        out_height_(height - static_cast<int64_t>(window_.size()) + 1),
        out_width_(width - static_cast<int64_t>(window_.size()) + 1),
        rows_(static_cast<size_t>(height_ * out_width_)) {}

  int64_t size() const { return out_height_ * out_width_; }

  void apply(const std::vector<double>& in, std::vector<double>* out) {
    std::fill(rows_.begin(), rows_.end(), 0.0);
    for (int64_t y = 0; y < height_; ++y)
      for (size_t k = 0; k < window_.size(); ++k)
        accumulate(window_[k], in.data() + y * width_ + static_cast<int64_t>(k),
                   rows_.data() + y * out_width_);
    out->assign(static_cast<size_t>(size()), 0.0);
    for (int64_t y = 0; y < out_height_; ++y)
      for (size_t k = 0; k < window_.size(); ++k)
        accumulate(window_[k], rows_.data() + (y + static_cast<int64_t>(k)) * out_width_,
                   out->data() + y * out_width_);
  }

 private:
  void accumulate(double weight, const double* in, double* out) const {
    for (int64_t x = 0; x < out_width_; ++x) out[x] += weight * in[x];
  }

  std::vector<double> window_;
  int64_t height_, width_, out_height_, out_width_;
  std::vector<double> rows_;
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
  require_same_shape(a, b);
  if (a.dim() != 3)
    throw Error(ExitCode::kInternal,
                fmt::format("ssim needs images [C, H, W], got {} dimensions", a.dim()));
  const at::Tensor left = comparable(a), right = comparable(b);
  const int64_t channels = a.size(0), height = a.size(1), width = a.size(2);
  const size_t pixels = static_cast<size_t>(height * width);
  std::vector<double> x(pixels), y(pixels), squares(pixels), products(pixels);
  std::vector<double> mean_x, mean_y, mean_squares, mean_products;
  ValidFilter filter(height, width);
  double sum = 0;
  for (int64_t c = 0; c < channels; ++c) {
    const float* plane_x = left.data_ptr<float>() + c * height * width;
    const float* plane_y = right.data_ptr<float>() + c * height * width;
    for (size_t i = 0; i < pixels; ++i) {
      x[i] = clamped(plane_x[i]);
      y[i] = clamped(plane_y[i]);
      // Only the sum of both variances is needed, hence one filter for both.
      squares[i] = x[i] * x[i] + y[i] * y[i];
      products[i] = x[i] * y[i];
    }
    filter.apply(x, &mean_x);
    filter.apply(y, &mean_y);
    filter.apply(squares, &mean_squares);
    filter.apply(products, &mean_products);
    for (size_t i = 0; i < mean_x.size(); ++i) {
      const double means = mean_x[i] * mean_x[i] + mean_y[i] * mean_y[i];
      const double cross = mean_x[i] * mean_y[i];
      const double variances = mean_squares[i] - means;
      const double covariance = mean_products[i] - cross;
      sum += (2 * cross + kC1) * (2 * covariance + kC2) / ((means + kC1) * (variances + kC2));
    }
  }
  return sum / static_cast<double>(channels * filter.size());
}

double rdlv(double ssim_reconstruction, double ssim_prior) {
  if (!(ssim_prior > 0)) return std::numeric_limits<double>::quiet_NaN();
  return (ssim_reconstruction - ssim_prior) / ssim_prior;
}

}  // namespace medpfl
