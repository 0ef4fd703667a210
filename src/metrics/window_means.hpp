#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace medpfl {

/// Weighted means over the Gaussian windows of SSIM that lie within two images, clamped to [0, 1],
/// of whatever is made of their pixels. The window has the side ssim_window() and sigma 1.5.
class WindowMeans {
 public:
  /// a, b: float32 [C, H, W] of one shape, not empty; any device.
  WindowMeans(const at::Tensor& a, const at::Tensor& b);

  int64_t channels() const { return left_.size(0); }
  /// Returns the number of rows of windows in one channel.
  int64_t rows() const { return rows_; }
  /// Returns the number of windows in one row.
  int64_t columns() const { return columns_; }

  /// Takes up the rows first ... first + rows - 1 of the windows of a channel, for the calls of
  /// mean() that follow. 0 <= channel < channels(), 0 <= first < first + rows <= rows().
  void load(int64_t channel, int64_t first, int64_t rows);

  /// Writes to `out`, row by row, the mean over each window that was taken up of value(x, y), a
  /// double made of the two pixels at one place.
  template <class Value>
  void mean(Value value, std::vector<double>* out) {
    values_.resize(x_.size());
    for (size_t i = 0; i < x_.size(); ++i) values_[i] = value(x_[i], y_[i]);
    filter(out);
  }

 private:
  int64_t side() const { return static_cast<int64_t>(window_.size()); }
  void filter(std::vector<double>* out);

  at::Tensor left_, right_;
  std::vector<double> window_;
  int64_t width_;
  int64_t rows_, columns_;  // of windows
  std::vector<double> x_, y_, values_, across_;
};

}  // namespace medpfl
