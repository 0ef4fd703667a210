#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

#include "attacks/candidate_loss.hpp"
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
    const CandidateLoss candidate_loss(model_, candidate, true);
    const at::Tensor loss = candidate_loss.at(views_);
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
        torch::autograd::grad(outputs, candidate_loss.inputs(), directions, false, false, true);
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
