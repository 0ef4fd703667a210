#pragma once
#include <cstdint>
#include <vector>

#include "attacks/distances/gradient_distance.hpp"
#include "core/flat_parameters.hpp"

namespace medpfl {

/// The part of a gradient that is compared, as a vector of its own: a linear map that picks entries
/// and weighs layers, and its adjoint. Distances know nothing of it.
class GradientView {
 public:
  /// Empty where the observed gradient has no such entries. Throws ConfigError for a pattern
  /// without a match, and where all tensors are excluded.
  GradientView(const ViewOptions& options, const FlatParameters& observed);

  /// Length of the vectors compared.
  int64_t size() const { return bounds_.back(); }
  /// Where each layer that is compared begins in the vector, and the end: [layers + 1].
  const std::vector<int64_t>& bounds() const { return bounds_; }
  /// The vector is the gradient itself: nothing to gather or scatter.
  bool whole() const { return whole_; }
  /// gradient [P] -> out [size].
  void gather(const float* gradient, float* out) const;
  /// The adjoint: from [size] -> gradient [P], zero where a parameter is not compared; statistics
  /// are left alone.
  void scatter(const float* from, float* gradient) const;

 private:
  int64_t parameters_;
  bool whole_ = false;
  std::vector<int64_t> bounds_ = {0};
  std::vector<float> scale_;    // of each layer
  std::vector<int64_t> index_;  // in the gradient, of each entry of the vector
};

}  // namespace medpfl
