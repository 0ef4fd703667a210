#include "attacks/distances/vector_distance.hpp"

#include <algorithm>
#include <cmath>

#include "attacks/optimizers/vector_math.hpp"

namespace medpfl {
namespace {

class SquaredDistance final : public VectorDistance {
 public:
  SquaredDistance(std::vector<float> target, bool relative) : VectorDistance(std::move(target)) {
    if (!relative) return;
    const double energy = dot(observed(), observed(), size());
    if (energy > 0) scale_ = 1 / energy;
  }

  double evaluate(const float* dummy, float* derivative) const override {
    const auto factor = static_cast<float>(2 * scale_);
    for (int64_t i = 0; i < size(); ++i) derivative[i] = dummy[i] - observed()[i];
    const double distance = dot(derivative, derivative, size());
    for (int64_t i = 0; i < size(); ++i) derivative[i] *= factor;
    return scale_ * distance;
  }

 private:
  double scale_ = 1;
};

class AbsoluteDistance final : public VectorDistance {
 public:
  explicit AbsoluteDistance(std::vector<float> target) : VectorDistance(std::move(target)) {}

  double evaluate(const float* dummy, float* derivative) const override {
    double sum = 0;
    for (int64_t i = 0; i < size(); ++i) {
      const double difference = static_cast<double>(dummy[i]) - observed()[i];
      sum += std::abs(difference);
      derivative[i] = difference == 0 ? 0.0F : static_cast<float>(std::copysign(1, difference));
    }
    return sum;
  }
};

// Each tensor by its own norm, so that none is drowned by the largest.
class SumOfNorms final : public VectorDistance {
 public:
  SumOfNorms(std::vector<float> target, std::vector<int64_t> bounds)
      : VectorDistance(std::move(target)), bounds_(std::move(bounds)) {}

  double evaluate(const float* dummy, float* derivative) const override {
    double sum = 0;
    for (size_t g = 0; g + 1 < bounds_.size(); ++g) {
      const int64_t begin = bounds_[g], n = bounds_[g + 1] - begin;
      float* d = derivative + begin;
      for (int64_t i = 0; i < n; ++i) d[i] = dummy[begin + i] - observed()[begin + i];
      const double norm = std::sqrt(dot(d, d, n));
      sum += norm;
      // A norm has no derivative at zero; there is nothing to gain there either.
      const auto factor = static_cast<float>(norm == 0 ? 0 : 1 / norm);
      for (int64_t i = 0; i < n; ++i) d[i] *= factor;
    }
    return sum;
  }

 private:
  std::vector<int64_t> bounds_;
};

class Cosine final : public VectorDistance {
 public:
  explicit Cosine(std::vector<float> target)
      : VectorDistance(std::move(target)), norm_(std::sqrt(dot(observed(), observed(), size()))) {}

  double evaluate(const float* dummy, float* derivative) const override {
    const Slope own = slope(dummy);
    if (own.toward == 0) {
      std::fill_n(derivative, size(), 0.0F);
      return own.value;
    }
    const auto along = static_cast<float>(own.along), toward = static_cast<float>(own.toward);
    for (int64_t i = 0; i < size(); ++i) derivative[i] = along * dummy[i] - toward * observed()[i];
    return own.value;
  }

  Move move(const float* dummy, const float* from, double length, float* out) const override {
    const Slope own = slope(dummy);
    if (!(own.norm > 0)) return VectorDistance::move(dummy, from, length, out);
    const double step = length / own.norm;
    combine(from, step * own.along, dummy, -step * own.toward, observed(), size(), out);
    return {own.value, step};
  }

 private:
  // The derivative is along * dummy - toward * observed.
  struct Slope {
    double value = 1, along = 0, toward = 0, norm = 0;
  };

  Slope slope(const float* dummy) const {
    const auto [square, cross] = products(dummy, observed(), size());
    const double own = std::sqrt(square);
    // A vector of no direction is at right angles to all.
    if (own == 0 || norm_ == 0) return {};
    const double cosine = cross / (own * norm_);
    return {1 - cosine, cosine / square, 1 / (own * norm_),
            std::sqrt(std::max(0.0, 1 - cosine * cosine)) / own};
  }

  double norm_;
};

// The mean square, not the sum: with the sum exp(-D / sigma) is 0 in float64 for any start.
class Kernel final : public VectorDistance {
 public:
  Kernel(std::vector<float> target, std::vector<int64_t> bounds, double fixed_sigma)
      : VectorDistance(std::move(target)), bounds_(std::move(bounds)) {
    for (size_t g = 0; g + 1 < bounds_.size(); ++g)
      sigma_.push_back(fixed_sigma > 0 ? fixed_sigma : variance(bounds_[g], bounds_[g + 1]));
  }

  double evaluate(const float* dummy, float* derivative) const override {
    double value = 0;
    for (size_t g = 0; g < sigma_.size(); ++g) {
      const int64_t begin = bounds_[g], n = bounds_[g + 1] - begin;
      float* d = derivative + begin;
      for (int64_t i = 0; i < n; ++i) d[i] = dummy[begin + i] - observed()[begin + i];
      const double mean = dot(d, d, n) / static_cast<double>(n);
      // Without spread there is no scale to measure by.
      const double kernel = sigma_[g] == 0 ? 0 : std::exp(-mean / sigma_[g]);
      value += sigma_[g] == 0 ? 0 : 1 - kernel;
      const double factor = sigma_[g] == 0 ? 0 : 2 * kernel / (sigma_[g] * static_cast<double>(n));
      for (int64_t i = 0; i < n; ++i) d[i] *= static_cast<float>(factor);
    }
    return value;
  }

 private:
  double variance(int64_t begin, int64_t end) const {
    const auto n = static_cast<double>(end - begin);
    double sum = 0, squares = 0;
    for (int64_t i = begin; i < end; ++i) sum += observed()[i];
    for (int64_t i = begin; i < end; ++i)
      squares += (observed()[i] - sum / n) * (observed()[i] - sum / n);
    return squares / n;
  }

  std::vector<int64_t> bounds_;
  std::vector<double> sigma_;
};

}  // namespace

double move_along(const float* from, double length, int64_t n, float* direction) {
  const double norm = std::sqrt(dot(direction, direction, n));
  // At the truth the derivative is zero, and no step leads anywhere.
  const double step = norm > 0 ? length / norm : 1;
  const auto factor = static_cast<float>(step);
  for (int64_t i = 0; i < n; ++i) direction[i] = from[i] + factor * direction[i];
  return step;
}

Move VectorDistance::move(const float* dummy, const float* from, double length, float* out) const {
  const double value = evaluate(dummy, out);
  return {value, move_along(from, length, size(), out)};
}

const Words<DistanceKind>& words_of(DistanceKind) {
  using K = DistanceKind;
  static const Words<K> words = {{K::kL2, "l2"},         {K::kRelativeL2, "relative-l2"},
                                 {K::kNorms, "norms"},   {K::kL1, "l1"},
                                 {K::kCosine, "cosine"}, {K::kKernel, "kernel"}};
  return words;
}

std::unique_ptr<VectorDistance> make_vector_distance(DistanceKind kind, std::vector<float> observed,
                                                     const std::vector<int64_t>& bounds,
                                                     double kernel_sigma) {
  switch (kind) {
    case DistanceKind::kL2:
    case DistanceKind::kRelativeL2:
      break;
    case DistanceKind::kNorms:
      return std::make_unique<SumOfNorms>(std::move(observed), bounds);
    case DistanceKind::kL1:
      return std::make_unique<AbsoluteDistance>(std::move(observed));
    case DistanceKind::kCosine:
      return std::make_unique<Cosine>(std::move(observed));
    case DistanceKind::kKernel: {
      const bool per_layer = kernel_sigma == kKernelPerLayer;
      return std::make_unique<Kernel>(
          std::move(observed),
          per_layer ? bounds : std::vector<int64_t>{bounds.front(), bounds.back()},
          std::max(0.0, kernel_sigma));
    }
  }
  return std::make_unique<SquaredDistance>(std::move(observed), kind == DistanceKind::kRelativeL2);
}

}  // namespace medpfl
