#pragma once
// Populations of hospitals, images and networks, of which tests of intervals draw.
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace medpfl {

/// Effects that add up behind a threshold.
struct Population {
  int64_t hospitals, images_each, networks;
  double hospital, image, network;  // standard deviations; that of a single outcome is 1

  int64_t images() const { return hospitals * images_each; }
  double deviation() const {
    return std::sqrt(1 + hospital * hospital + image * image + network * network);
  }
};

/// Returns populations of few and of many, with and without effects of each kind.
inline std::vector<Population> populations() {
  return {{12, 1, 1, 0, 0, 0},   {40, 1, 1, 0, 0, 0}, {4, 10, 1, 0, 0, 0},
          {4, 10, 1, 1.5, 0, 0}, {20, 4, 1, 1, 1, 0}, {24, 1, 5, 0, 1, 0.5},
          {24, 1, 5, 0, 0, 1},   {4, 6, 5, 1, 1, 1},  {40, 2, 5, 0.5, 0.5, 1},
          {12, 1, 12, 0, 2, 1}};
}

/// Returns the share of intervals, each of another draw of the population, that hold the truth, and
/// writes it as a row of a table, as it stands in docs/statistics.md; `shares` describes the truth.
template <class Draw>
double coverage(const Population& p, const std::string& shares, double truth, const Draw& draw) {
  constexpr int kDraws = 1000;
  int held = 0;
  double width = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto interval = draw();
    held += interval.low <= truth && truth <= interval.high;
    width += interval.high - interval.low;
  }
  const double share = static_cast<double>(held) / kDraws;
  std::cout << fmt::format("| {} x {} | {} | {:g}, {:g}, {:g} | {} | {:.3f} | {:.2f} |\n",
                           p.hospitals, p.images_each, p.networks, p.hospital, p.image, p.network,
                           shares, share, width / kDraws);
  return share;
}

/// Returns the quantile of the normal distribution, by bisection.
inline double normal_quantile(double share) {
  double low = -6, high = 6;
  while (high - low > 1e-9) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
  }
  return low;
}

/// Normal numbers with mean 0.
class Normal {
 public:
  explicit Normal(std::mt19937_64* random) : random_(random) {}
  double operator()() { return distribution_(*random_); }
  std::vector<double> draw(int64_t n, double deviation) {
    std::vector<double> out(static_cast<size_t>(n));
    for (double& x : out) x = deviation * (*this)();
    return out;
  }

 private:
  std::mt19937_64* random_;
  std::normal_distribution<double> distribution_;
};

/// Effects drawn for each hospital, image and network.
class Effects {
 public:
  Effects(const Population& p, Normal* normal)
      : images_each_(p.images_each),
        hospital_(normal->draw(p.hospitals, p.hospital)),
        image_(normal->draw(p.images(), p.image)),
        network_(normal->draw(p.networks, p.network)) {}

  double of(int64_t image, int64_t network) const {
    return hospital_[static_cast<size_t>(image / images_each_)] +
           image_[static_cast<size_t>(image)] + network_[static_cast<size_t>(network)];
  }

 private:
  int64_t images_each_;
  std::vector<double> hospital_, image_, network_;
};

}  // namespace medpfl
