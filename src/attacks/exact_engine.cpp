#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

#include "attacks/matching_engine.hpp"

namespace medpfl {
namespace {

class ExactEngine final : public MatchingEngine {
 public:
  ExactEngine(const Model& model, const Observation& observation, const Objective& objective)
      : model_(model),
        observed_(observation.gradient),
        objective_(objective),
        weights_(observation.weights.views(true)),
        dummy_(model.layout()),
        derivative_(model.layout()),
        derivative_views_(derivative_.views()) {}

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    const at::Tensor images = candidate.images.detach().set_requires_grad(true);
    std::vector<at::Tensor> inputs = {images};
    const at::Tensor logits = model_.forward(weights_, images);
    at::Tensor loss;
    if (candidate.output_error.defined()) {
      loss = logits.mul(candidate.output_error).sum();
    } else if (candidate.label_logits.defined()) {
      inputs.push_back(candidate.label_logits.detach().set_requires_grad(true));
      // Soft labels, as in DLG: cross entropy against softmax(label logits).
      loss = at::softmax(inputs[1], 1).mul(at::log_softmax(logits, 1)).sum(1).mean().neg();
    } else {
      loss = at::cross_entropy_loss(logits, candidate.labels);
    }
    const std::vector<at::Tensor> dummy = torch::autograd::grad({loss}, weights_, {}, true, true);
    dummy_.assign(dummy);
    const double value =
        objective_.evaluate(dummy_.data(), observed_.data(), observed_.size(), derivative_.data());
    // With dD/dg as the vector of the second pass no graph of the objective is needed.
    // A gradient that does not depend on the candidate (that of the last bias, under a fixed output
    // error) has no part in it.
    std::vector<at::Tensor> outputs, directions;
    for (size_t i = 0; i < dummy.size(); ++i) {
      if (!dummy[i].requires_grad()) continue;
      outputs.push_back(dummy[i]);
      directions.push_back(derivative_views_[i]);
    }
    const std::vector<at::Tensor> result =
        torch::autograd::grad(outputs, inputs, directions, false, false, true);
    gradient->images = result[0].contiguous();
    gradient->label_logits = result.size() > 1 ? result[1].contiguous() : at::Tensor();
    return value;
  }

 private:
  const Model& model_;
  const FlatParameters& observed_;
  const Objective& objective_;
  std::vector<at::Tensor> weights_;
  FlatParameters dummy_, derivative_;
  std::vector<at::Tensor> derivative_views_;
};

}  // namespace

std::unique_ptr<MatchingEngine> make_exact_engine(const Model& model,
                                                  const Observation& observation,
                                                  const Objective& objective) {
  return std::make_unique<ExactEngine>(model, observation, objective);
}

}  // namespace medpfl
