#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attacks/distances/gradient_distance.hpp"

namespace medpfl {

/// The distance of a vector from an observed one, with its derivative by the vector.
class VectorDistance {
 public:
  explicit VectorDistance(std::vector<float> observed) : observed_(std::move(observed)) {}
  virtual ~VectorDistance() = default;
  /// Returns the distance of `dummy` and writes its derivative. Both arrays are as long as the
  /// observed vector; they may be the same array.
  virtual double evaluate(const float* dummy, float* derivative) const = 0;
  /// Does what GradientDistance::move does, in fewer passes over memory where a distance knows the
  /// length of its derivative beforehand.
  virtual Move move(const float* dummy, const float* from, double length, float* out) const;
  int64_t size() const { return static_cast<int64_t>(observed_.size()); }

 protected:
  const float* observed() const { return observed_.data(); }

 private:
  std::vector<float> observed_;
};

/// Replaces `direction` [n] by from + step * direction; see GradientDistance::move. Returns the
/// step.
double move_along(const float* from, double length, int64_t n, float* direction);

/// Returns the distance of a kind from a copy of `observed`, whose layers begin
/// at `bounds` [layers + 1]. `kernel_sigma`: see DistanceOptions.
std::unique_ptr<VectorDistance> make_vector_distance(DistanceKind kind, std::vector<float> observed,
                                                     const std::vector<int64_t>& bounds,
                                                     double kernel_sigma);

}  // namespace medpfl
