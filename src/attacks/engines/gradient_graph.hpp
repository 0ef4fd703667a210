#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "attacks/engines/matching_engine.hpp"
#include "core/flat_parameters.hpp"
#include "models/device_views.hpp"
#include "models/model.hpp"

namespace medpfl {

/// g, the gradient of a candidate's loss by the weights, as a function that can be differentiated
/// itself, by LibTorch's double backward.
class GradientGraph {
 public:
  /// Both must outlive this object.
  GradientGraph(const Model& model, const FlatParameters& weights);

  /// To be called after the weights changed.
  void refresh() { weights_.current(); }
  /// g, into the parameters of `gradient`.
  void evaluate(const Candidate& candidate, FlatParameters* gradient) const;
  /// The same, keeping the graph for pull_back.
  void record(const Candidate& candidate, FlatParameters* gradient);
  /// The derivative of <g, v> by what is varied of the candidate and, unless null, by the weights,
  /// into the parameters of `by_weights`. Once after each record.
  void pull_back(const FlatParameters& v, CandidateGradient* gradient, FlatParameters* by_weights);

 private:
  const Model& model_;
  DeviceViews weights_;
  std::vector<at::Tensor> views_, parameters_;
  std::vector<at::Tensor> inputs_, gradient_;  // of the graph that is kept
};

}  // namespace medpfl
