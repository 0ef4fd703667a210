#include "attacks/matching/priors.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace medpfl {
namespace {

double anisotropic(const ImageView& v, double weight, float* gradient) {
  const int64_t planes = v.n * v.channels;
  const auto along = [&](int64_t step, int64_t rows, int64_t columns) {
    const int64_t count = planes * rows * columns;
    if (count == 0) return 0.0;
    const auto pull = static_cast<float>(weight / static_cast<double>(count));
    double sum = 0;
    for (int64_t p = 0; p < planes; ++p)
      for (int64_t y = 0; y < rows; ++y)
        for (int64_t x = 0; x < columns; ++x) {
          const int64_t i = p * v.plane() + y * v.width + x;
          const float difference = v.data[i + step] - v.data[i];
          sum += std::abs(difference);
          if (difference == 0) continue;
          const float signed_pull = std::copysign(pull, difference);
          gradient[i + step] += signed_pull;
          gradient[i] -= signed_pull;
        }
    return sum / static_cast<double>(count);
  };
  return along(1, v.height, v.width - 1) + along(v.width, v.height - 1, v.width);
}

// A plane that is a channel, or the difference of two.
struct Opponent {
  int64_t plus = 0, minus = -1;
};

double isotropic(const ImageView& v, const std::vector<Opponent>& planes, double weight,
                 float* gradient) {
  constexpr double kSmooth = 1e-8;  // the length has a derivative at 0
  const double count = static_cast<double>(v.n * v.plane()) * static_cast<double>(planes.size());
  double sum = 0;
  for (int64_t image = 0; image < v.n; ++image)
    for (const Opponent& o : planes) {
      const int64_t first = image * v.channels * v.plane();
      const int64_t plus = first + o.plus * v.plane(), minus = first + o.minus * v.plane();
      const auto pixel = [&](int64_t i) {
        return static_cast<double>(v.data[plus + i]) - (o.minus < 0 ? 0.0 : v.data[minus + i]);
      };
      const auto pull = [&](int64_t i, double amount) {
        gradient[plus + i] += static_cast<float>(amount);
        if (o.minus >= 0) gradient[minus + i] -= static_cast<float>(amount);
      };
      for (int64_t y = 0; y < v.height; ++y)
        for (int64_t x = 0; x < v.width; ++x) {
          const int64_t i = y * v.width + x;
          const double right = x + 1 < v.width ? pixel(i + 1) - pixel(i) : 0;
          const double down = y + 1 < v.height ? pixel(i + v.width) - pixel(i) : 0;
          const double length = std::sqrt(right * right + down * down + kSmooth);
          sum += length;
          const double factor = weight / (count * length);
          if (right != 0) pull(i + 1, factor * right);
          if (down != 0) pull(i + v.width, factor * down);
          if (right + down != 0) pull(i, -factor * (right + down));
        }
    }
  return sum / count;
}

double isotropic_channels(const ImageView& v, double weight, float* gradient) {
  std::vector<Opponent> planes;
  for (int64_t c = 0; c < v.channels; ++c) planes.push_back({c, -1});
  return isotropic(v, planes, weight, gradient);
}

double double_opponent(const ImageView& v, double weight, float* gradient) {
  if (v.channels != 3) return isotropic_channels(v, weight, gradient);
  return isotropic(v, {{0, -1}, {1, -1}, {2, -1}, {0, 1}, {0, 2}, {1, 2}}, weight, gradient);
}

double mean_square(const ImageView& v, double weight, float* gradient) {
  const auto n = static_cast<double>(v.size());
  const auto factor = static_cast<float>(2 * weight / n);
  double sum = 0;
  for (int64_t i = 0; i < v.size(); ++i) {
    sum += static_cast<double>(v.data[i]) * v.data[i];
    gradient[i] += factor * v.data[i];
  }
  return sum / n;
}

}  // namespace

const std::vector<Prior>& priors() {
  static const std::vector<Prior> table = {
      {"tv", "weight of the anisotropic total variation", true, anisotropic},
      {"tv_isotropic", "weight of the isotropic total variation", true, isotropic_channels},
      {"tv_colour", "weight of the double-opponent total variation", true, double_opponent},
      {"image_l2", "weight of the mean square of pixels", false, mean_square},
  };
  return table;
}

double total_variation(const std::vector<double>& weights) {
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i)
    if (priors()[i].variation) sum += weights[i];
  return sum;
}

double group_consistency(const float* x, int64_t members, int64_t stride, int64_t n, double weight,
                         float* gradient) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    double mean = 0;
    for (int64_t m = 0; m < members; ++m) mean += x[m * stride + i];
    mean /= static_cast<double>(members);
    for (int64_t m = 0; m < members; ++m) {
      const double off = x[m * stride + i] - mean;
      sum += off * off;
      // What the mean itself moves adds up to zero.
      gradient[m * stride + i] += static_cast<float>(2 * weight * off / static_cast<double>(n));
    }
  }
  return sum / static_cast<double>(n);
}

void median_filter(float* images, int64_t planes, int64_t height, int64_t width) {
  std::vector<float> plane(static_cast<size_t>(height * width));
  for (int64_t p = 0; p < planes; ++p) {
    float* out = images + p * height * width;
    std::copy_n(out, plane.size(), plane.begin());
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        std::array<float, 9> window{};
        size_t k = 0;
        for (int64_t dy = -1; dy <= 1; ++dy)
          for (int64_t dx = -1; dx <= 1; ++dx) {
            const int64_t row = std::clamp<int64_t>(y + dy, 0, height - 1);
            const int64_t column = std::clamp<int64_t>(x + dx, 0, width - 1);
            window[k++] = plane[static_cast<size_t>(row * width + column)];
          }
        std::nth_element(window.begin(), window.begin() + 4, window.end());
        out[y * width + x] = window[4];
      }
  }
}

}  // namespace medpfl
