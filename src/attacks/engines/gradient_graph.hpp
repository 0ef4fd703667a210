#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "attacks/engines/matching_engine.hpp"
#include "core/flat_parameters.hpp"
#include "models/device_views.hpp"
#include "models/model.hpp"

namespace medpfl {

/// Computes g, the gradient of a candidate's loss by the weights, as a function that can itself be
/// differentiated, by LibTorch's double backward.
class GradientGraph {
 public:
  /// Both arguments must outlive this object.
  GradientGraph(const Model& model, const FlatParameters& weights);

  /// Must be called after the weights changed.
  void refresh() { weights_.current(); }
  /// Writes g to the parameters of `gradient`.
  void evaluate(const Candidate& candidate, FlatParameters* gradient) const;
  /// Writes g likewise and keeps the graph for pull_back.
  void record(const Candidate& candidate, FlatParameters* gradient);
  /// Writes the derivative of <g, v> by what is varied of the candidate to `gradient` and, unless
  /// null, by the weights to the parameters of `by_weights`. To be called once after each record.
  void pull_back(const FlatParameters& v, CandidateGradient* gradient, FlatParameters* by_weights);

 private:
  const Model& model_;
  DeviceViews weights_;
  std::vector<at::Tensor> views_, parameters_;
  std::vector<at::Tensor> inputs_, gradient_;  // of the graph that is kept
};

}  // namespace medpfl
