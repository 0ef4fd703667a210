// Matching by first-order gradients alone. With v = dD/dg held fixed, the gradient of D by the
// images is the derivative of dL/dx as the weights move along v (Pearlmutter 1994), here a central
// difference: no graph of second order, and no second derivative of any layer.
#include <torch/csrc/autograd/autograd.h>

#include <vector>

#include "attacks/candidate_loss.hpp"
#include "attacks/matching_engine.hpp"
#include "models/device_views.hpp"

namespace medpfl {
namespace {

// ||step v|| / ||w||.
constexpr double kRelativeStep = 1e-3;

class PearlmutterEngine final : public MatchingEngine {
 public:
  PearlmutterEngine(const Model& model, const Observation& observation, const Objective& objective)
      : model_(model),
        observation_(observation),
        objective_(objective),
        dummy_(model.layout()),
        derivative_(model.layout()),
        moved_(model.layout()),
        weights_(model.device(), observation.weights, true),
        leaves_(weights_.current()),
        moved_views_(model.device(), moved_, false),
        weight_norm_(observation.weights.norm()) {}

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    const at::Tensor loss = CandidateLoss(model_, candidate, false).at(leaves_);
    weights_.collect(torch::autograd::grad({loss}, leaves_), &dummy_);
    const double value = objective_.evaluate(dummy_.data(), observation_.gradient.data(),
                                             dummy_.size(), derivative_.data());
    const double length = derivative_.norm();
    // At the truth v is zero, and so is the gradient.
    const double step = length > 0 ? kRelativeStep * weight_norm_ / length : 1;
    const std::vector<at::Tensor> above = input_gradients(candidate, step);
    const std::vector<at::Tensor> below = input_gradients(candidate, -step);
    const auto difference = [&](size_t i) {
      return above[i].sub(below[i]).div_(2 * step).to(at::kCPU).contiguous();
    };
    gradient->images = difference(0);
    gradient->label_logits = above.size() > 1 ? difference(1) : at::Tensor();
    return value;
  }

 private:
  std::vector<at::Tensor> input_gradients(const Candidate& candidate, double step) {
    moved_.buffer().copy_(observation_.weights.buffer());
    moved_.add(derivative_, step);
    const CandidateLoss loss(model_, candidate, true);
    return torch::autograd::grad({loss.at(moved_views_.current())}, loss.inputs());
  }

  const Model& model_;
  const Observation& observation_;
  const Objective& objective_;
  FlatParameters dummy_, derivative_, moved_;
  DeviceViews weights_;
  std::vector<at::Tensor> leaves_;
  DeviceViews moved_views_;
  double weight_norm_;
};

}  // namespace

std::unique_ptr<MatchingEngine> make_pearlmutter_engine(const Model& model,
                                                        const Observation& observation,
                                                        const Objective& objective) {
  return std::make_unique<PearlmutterEngine>(model, observation, objective);
}

}  // namespace medpfl
