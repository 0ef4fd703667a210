#pragma once
// Populations of hospitals, images and networks, of which tests of intervals draw.
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "metrics/share.hpp"

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
