#include "metrics/window_means.hpp"

#include <algorithm>
#include <cmath>

#include "metrics/image.hpp"

namespace medpfl {
namespace {

constexpr double kSigma = 1.5;

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

// Writes n means, each of the pixels at in + k * step, and moves on by a pixel for the next. The
// number of weights is known to the compiler, so that the outer loop vectorizes.
template <int64_t kSide>
void weighted(const double* window, const double* in, int64_t step, int64_t n,
              double* __restrict__ out) {
  for (int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (int64_t k = 0; k < kSide; ++k) sum += window[k] * in[i + k * step];
    out[i] = sum;
  }
}

using Weighted = void (*)(const double*, const double*, int64_t, int64_t, double*);

// For the sides that ssim_window() has.
Weighted weighted_by(int64_t side) {
  constexpr Weighted kBySide[] = {weighted<1>, weighted<3>, weighted<5>,
                                  weighted<7>, weighted<9>, weighted<11>};
  return kBySide[side / 2];
}

}  // namespace

WindowMeans::WindowMeans(const at::Tensor& a, const at::Tensor& b)
    : left_(a.detach().to(at::kCPU, at::kFloat).contiguous()),
      right_(b.detach().to(at::kCPU, at::kFloat).contiguous()),
      window_(gaussian_window(ssim_window(a.size(1), a.size(2)))),
      width_(a.size(2)),
      rows_(a.size(1) - side() + 1),
      columns_(width_ - side() + 1) {}

void WindowMeans::load(int64_t channel, int64_t first, int64_t rows) {
  const int64_t at = (channel * left_.size(1) + first) * width_;
  const float* x = left_.data_ptr<float>() + at;
  const float* y = right_.data_ptr<float>() + at;
  x_.resize(static_cast<size_t>((rows + side() - 1) * width_));
  y_.resize(x_.size());
  for (size_t i = 0; i < x_.size(); ++i) {
    // NaN stays NaN.
    x_[i] = std::clamp(static_cast<double>(x[i]), 0.0, 1.0);
    y_[i] = std::clamp(static_cast<double>(y[i]), 0.0, 1.0);
  }
}

void WindowMeans::filter(std::vector<double>* out) {
  const Weighted weighted = weighted_by(side());
  const int64_t height = static_cast<int64_t>(values_.size()) / width_;
  across_.resize(static_cast<size_t>(height * columns_));
  for (int64_t y = 0; y < height; ++y)
    weighted(window_.data(), values_.data() + y * width_, 1, columns_,
             across_.data() + y * columns_);
  const int64_t rows = height - side() + 1;
  out->resize(static_cast<size_t>(rows * columns_));
  for (int64_t y = 0; y < rows; ++y)
    weighted(window_.data(), across_.data() + y * columns_, columns_, columns_,
             out->data() + y * columns_);
}

}  // namespace medpfl
