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
  /// Selects the entries of the observed gradient, none where it has no such entries. Throws
  /// ConfigError for a pattern without a match, and where all tensors are excluded.
  GradientView(const ViewOptions& options, const FlatParameters& observed);

  /// Returns the length of the vectors that are compared.
  int64_t size() const { return bounds_.back(); }
  /// Returns where each layer that is compared begins in the vector, and the end: [layers + 1].
  const std::vector<int64_t>& bounds() const { return bounds_; }
  /// Whether the vector is the whole gradient, so that nothing is to be gathered or scattered.
  bool whole() const { return whole_; }
  /// Maps a gradient [P] to the vector `out` [size].
  void gather(const float* gradient, float* out) const;
  /// Applies the adjoint: maps `from` [size] to `gradient` [P], which is zero where a parameter is
  /// not compared; statistics are left alone.
  void scatter(const float* from, float* gradient) const;

 private:
  int64_t parameters_;
  bool whole_ = false;
  std::vector<int64_t> bounds_ = {0};
  std::vector<float> scale_;    // of each layer
  std::vector<int64_t> index_;  // in the gradient, of each entry of the vector
};

}  // namespace medpfl
