#include "attacks/engines/gradient_graph.hpp"

#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <utility>

#include "attacks/engines/candidate_loss.hpp"

namespace medpfl {

GradientGraph::GradientGraph(const Model& model, const FlatParameters& weights)
    : model_(model),
      weights_(model.device(), weights, true),
      views_(weights_.current()),
      parameters_(weights_.parameters()) {}

void GradientGraph::evaluate(const Candidate& candidate, FlatParameters* gradient) const {
  const CandidateLoss loss(model_, candidate, false);
  const GradientPlaces places(parameters_, gradient);
  weights_.collect(torch::autograd::grad({loss.at(views_)}, parameters_), gradient);
}

void GradientGraph::record(const Candidate& candidate, FlatParameters* gradient) {
  const CandidateLoss loss(model_, candidate, true);
  {
    const GradientPlaces places(parameters_, gradient);
    gradient_ = torch::autograd::grad({loss.at(views_)}, parameters_, {}, true, true);
  }
  inputs_ = loss.inputs();
  weights_.collect(gradient_, gradient);
}

void GradientGraph::pull_back(const FlatParameters& v, CandidateGradient* gradient,
                              FlatParameters* by_weights) {
  const DeviceViews direction(model_.device(), v, false);
  // A gradient that does not depend on the candidate (that of the last bias, under a fixed output
  // error) has no part in it.
  std::vector<at::Tensor> outputs, directions;
  for (size_t i = 0; i < gradient_.size(); ++i) {
    if (!gradient_[i].requires_grad()) continue;
    outputs.push_back(gradient_[i]);
    directions.push_back(direction.current()[i]);
  }
  std::vector<at::Tensor> variables = inputs_;
  if (by_weights != nullptr)
    variables.insert(variables.end(), parameters_.begin(), parameters_.end());
  std::vector<at::Tensor> result =
      torch::autograd::grad(outputs, variables, directions, false, false, true);
  const size_t inputs = inputs_.size();
  gradient->images = result[0].to(at::kCPU).contiguous();
  gradient->label_logits = inputs > 1 ? result[1].to(at::kCPU).contiguous() : at::Tensor();
  gradient_.clear();
  inputs_.clear();
  if (by_weights == nullptr) return;
  for (size_t i = inputs; i < result.size(); ++i)
    if (!result[i].defined()) result[i] = at::zeros_like(variables[i]);
  result.erase(result.begin(), result.begin() + static_cast<int64_t>(inputs));
  weights_.collect(result, by_weights);
}

}  // namespace medpfl
