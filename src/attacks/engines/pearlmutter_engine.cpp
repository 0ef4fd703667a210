// Matching by first-order gradients alone. With v = dD/dg held fixed, the gradient of D by the
// images is the derivative of dL/dx as the weights move along v (Pearlmutter 1994), here a
// difference: no graph of second order, and no second derivative of any layer.
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <vector>

#include "attacks/engines/candidate_loss.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "attacks/optimizers/vector_math.hpp"
#include "models/device_views.hpp"

namespace medpfl {
namespace {

// ||step v|| / ||w||: where the rounding of float32 and the curvature balance (decision 10).
constexpr double kRelativeStep = 2e-5;

// Without the statistics of batch normalization.
double parameter_norm(const FlatParameters& vector) {
  return std::sqrt(dot(vector.data(), vector.data(), vector.layout().trainable()));
}

class PearlmutterEngine final : public MatchingEngine {
 public:
  PearlmutterEngine(const Model& model, const Observation& observation,
                    const GradientDistance& objective)
      : model_(model),
        observation_(observation),
        objective_(objective),
        step_norm_(kRelativeStep * parameter_norm(observation.weights)),
        vector_(observation.weights),
        weights_(model.device(), observation.weights, true),
        views_(weights_.current()),
        parameters_(weights_.parameters()),
        moved_views_(model.device(), vector_, false) {}

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    const auto leaves = static_cast<int64_t>(parameters_.size());
    const CandidateLoss loss(model_, candidate, true);
    std::vector<at::Tensor> variables = parameters_;
    variables.insert(variables.end(), loss.inputs().begin(), loss.inputs().end());
    Switches switches;
    std::vector<at::Tensor> here;
    {
      const GradientPlaces places(parameters_, &vector_);
      here = torch::autograd::grad({loss.at(views_, &switches)}, variables);
    }
    weights_.collect({here.begin(), here.begin() + leaves}, &vector_);
    here.erase(here.begin(), here.begin() + leaves);

    const Move moved = objective_.move(vector_.data(), observation_.weights.data(), step_norm_,
                                       model_.layout().trainable(), vector_.data());
    // A unit that switched between the two points would add a jump, however short the step.
    switches.replay();
    const std::vector<at::Tensor> ahead =
        torch::autograd::grad({loss.at(moved_views_.current(), &switches)}, loss.inputs());
    const auto change = [&](size_t i) {
      return ahead[i].sub(here[i]).div_(moved.step).to(at::kCPU).contiguous();
    };
    gradient->images = change(0);
    gradient->label_logits = ahead.size() > 1 ? change(1) : at::Tensor();
    return moved.value;
  }

 private:
  const Model& model_;
  const Observation& observation_;
  const GradientDistance& objective_;
  double step_norm_;
  // The candidate's gradient, then v, then w + step v: passes over as little memory as can be. The
  // statistics are those of w throughout.
  FlatParameters vector_;
  DeviceViews weights_;
  std::vector<at::Tensor> views_, parameters_;
  DeviceViews moved_views_;
};

}  // namespace

std::unique_ptr<MatchingEngine> make_pearlmutter_engine(const Model& model,
                                                        const Observation& observation,
                                                        const GradientDistance& objective) {
  return std::make_unique<PearlmutterEngine>(model, observation, objective);
}

}  // namespace medpfl
