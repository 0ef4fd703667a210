#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

#include "attacks/matching_engine.hpp"
#include "models/device_views.hpp"

namespace medpfl {
namespace {

class ExactEngine final : public MatchingEngine {
 public:
  ExactEngine(const Model& model, const Observation& observation, const Objective& objective)
      : model_(model),
        objective_(objective),
        weights_(model.device(), observation.weights, true),
        views_(weights_.current()),
        parameters_(weights_.parameters()),
        dummy_(model.layout()),
        derivative_(model.layout()),
        derivative_views_(model.device(), derivative_, false) {}

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    const at::Device device = model_.device();
    const at::Tensor images = candidate.images.detach().to(device).set_requires_grad(true);
    std::vector<at::Tensor> inputs = {images};
    const at::Tensor logits = model_.forward(views_, images);
    at::Tensor loss;
    if (candidate.output_error.defined()) {
      loss = logits.mul(candidate.output_error.to(device)).sum();
    } else if (candidate.label_logits.defined()) {
      inputs.push_back(candidate.label_logits.detach().to(device).set_requires_grad(true));
      // Soft labels, as in DLG: cross entropy against softmax(label logits).
      loss = at::softmax(inputs[1], 1).mul(at::log_softmax(logits, 1)).sum(1).mean().neg();
    } else {
      loss = at::cross_entropy_loss(logits, candidate.labels.to(device));
    }
    const std::vector<at::Tensor> dummy =
        torch::autograd::grad({loss}, parameters_, {}, true, true);
    weights_.collect(dummy, &dummy_);
    const double value = objective_.evaluate(dummy_.data(), derivative_.data());
    // With dD/dg as the vector of the second pass no graph of the objective is needed.
    // A gradient that does not depend on the candidate (that of the last bias, under a fixed output
    // error) has no part in it.
    const std::vector<at::Tensor>& derivative = derivative_views_.current();
    std::vector<at::Tensor> outputs, directions;
    for (size_t i = 0; i < dummy.size(); ++i) {
      if (!dummy[i].requires_grad()) continue;
      outputs.push_back(dummy[i]);
      directions.push_back(derivative[i]);
    }
    const std::vector<at::Tensor> result =
        torch::autograd::grad(outputs, inputs, directions, false, false, true);
    gradient->images = result[0].to(at::kCPU).contiguous();
    gradient->label_logits = result.size() > 1 ? result[1].to(at::kCPU).contiguous() : at::Tensor();
    return value;
  }

 private:
  const Model& model_;
  const Objective& objective_;
  DeviceViews weights_;
  std::vector<at::Tensor> views_, parameters_;
  FlatParameters dummy_, derivative_;
  DeviceViews derivative_views_;
};

}  // namespace

std::unique_ptr<MatchingEngine> make_exact_engine(const Model& model,
                                                  const Observation& observation,
                                                  const Objective& objective) {
  return std::make_unique<ExactEngine>(model, observation, objective);
}

}  // namespace medpfl
