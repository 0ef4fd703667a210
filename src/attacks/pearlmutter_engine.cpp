// Matching by first-order gradients alone. With v = dD/dg held fixed, the gradient of D by the
// images is the derivative of dL/dx as the weights move along v (Pearlmutter 1994), here a
// difference: no graph of second order, and no second derivative of any layer.
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

#include "attacks/candidate_loss.hpp"
#include "attacks/matching_engine.hpp"
#include "models/device_views.hpp"

namespace medpfl {
namespace {

// ||step v|| / ||w||, measured in decision 10: where rounding and curvature balance, or, where a
// unit or a pooled maximum may switch between the points, as short as rounding allows.
constexpr double kSmoothStep = 1e-4, kKinkedStep = 1e-6;
// Of the gap between the differences to either side, relative to the smaller: above it one of them
// crossed a kink.
constexpr double kGap = 0.2;

bool has_kinks(const Model& model) {
  return std::any_of(model.layers().begin(), model.layers().end(), [](const Layer& layer) {
    if (layer.kind == Layer::Kind::kMaxPool) return true;
    return layer.kind == Layer::Kind::kActivation &&
           (layer.activation == Activation::kRelu || layer.activation == Activation::kLeakyRelu);
  });
}

double norm(const at::Tensor& tensor) { return tensor.norm().item<double>(); }

class PearlmutterEngine final : public MatchingEngine {
 public:
  PearlmutterEngine(const Model& model, const Observation& observation, const Objective& objective)
      : model_(model),
        observation_(observation),
        objective_(objective),
        step_norm_((has_kinks(model) ? kKinkedStep : kSmoothStep) * observation.weights.norm()),
        dummy_(model.layout()),
        derivative_(model.layout()),
        moved_(model.layout()),
        weights_(model.device(), observation.weights, true),
        leaves_(weights_.current()),
        moved_views_(model.device(), moved_, false) {}

  double evaluate(const Candidate& candidate, CandidateGradient* gradient) override {
    const auto leaves = static_cast<int64_t>(leaves_.size());
    const CandidateLoss loss(model_, candidate, true);
    std::vector<at::Tensor> variables = leaves_;
    variables.insert(variables.end(), loss.inputs().begin(), loss.inputs().end());
    std::vector<at::Tensor> here = torch::autograd::grad({loss.at(leaves_)}, variables);
    weights_.collect({here.begin(), here.begin() + leaves}, &dummy_);
    here.erase(here.begin(), here.begin() + leaves);

    const double value = objective_.evaluate(dummy_.data(), observation_.gradient.data(),
                                             dummy_.size(), derivative_.data());
    const double length = derivative_.norm();
    // At the truth v is zero, and so is any difference.
    const double step = length > 0 ? step_norm_ / length : 1;
    std::vector<at::Tensor> ahead = input_gradients(candidate, step);
    std::vector<at::Tensor> behind = input_gradients(candidate, -step);
    for (size_t i = 0; i < here.size(); ++i) {
      ahead[i].sub_(here[i]);
      behind[i].sub_(here[i]).neg_();
    }
    const std::vector<at::Tensor> change = better_side(ahead, behind);
    gradient->images = change[0].div(step).to(at::kCPU).contiguous();
    gradient->label_logits =
        change.size() > 1 ? change[1].div(step).to(at::kCPU).contiguous() : at::Tensor();
    return value;
  }

 private:
  /// dL/d(images), and label logits, at weights w + step v.
  std::vector<at::Tensor> input_gradients(const Candidate& candidate, double step) {
    moved_.buffer().copy_(observation_.weights.buffer());
    moved_.add(derivative_, step);
    const CandidateLoss loss(model_, candidate, true);
    return torch::autograd::grad({loss.at(moved_views_.current())}, loss.inputs());
  }

  /// The mean of both changes, which is exact to second order; where a kink sets them apart, the
  /// smaller one: a kink adds a jump, however short the step, to one side.
  static std::vector<at::Tensor> better_side(const std::vector<at::Tensor>& ahead,
                                             const std::vector<at::Tensor>& behind) {
    const double a = norm(ahead[0]), b = norm(behind[0]);
    if (norm(ahead[0].sub(behind[0])) > kGap * std::min(a, b)) return a < b ? ahead : behind;
    std::vector<at::Tensor> mean;
    for (size_t i = 0; i < ahead.size(); ++i) mean.push_back(ahead[i].add(behind[i]).div(2));
    return mean;
  }

  const Model& model_;
  const Observation& observation_;
  const Objective& objective_;
  double step_norm_;
  FlatParameters dummy_, derivative_, moved_;
  DeviceViews weights_;
  std::vector<at::Tensor> leaves_;
  DeviceViews moved_views_;
};

}  // namespace

std::unique_ptr<MatchingEngine> make_pearlmutter_engine(const Model& model,
                                                        const Observation& observation,
                                                        const Objective& objective) {
  return std::make_unique<PearlmutterEngine>(model, observation, objective);
}

}  // namespace medpfl
