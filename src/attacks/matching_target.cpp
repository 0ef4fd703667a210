#include "attacks/matching_target.hpp"

#include <cmath>

#include "attacks/priors.hpp"

namespace medpfl {
namespace {

// Root mean square of what a pixel moves by in the difference of the penalty.
constexpr double kPenaltyStep = 1e-3;

}  // namespace

MatchingTarget::MatchingTarget(const MatchingSettings& settings, const Model& model,
                               const Observation& observation, MatchingEngine* engine,
                               Candidate knowledge)
    : settings_(settings), engine_(engine), knowledge_(std::move(knowledge)) {
  if (settings.label_fit > 0) label_fit_.emplace(model, observation);
}

double MatchingTarget::evaluate(const Variables& variables, const float* x, float* out) {
  const Candidate candidate = variables.candidate(x, knowledge_);
  double value = engine_->evaluate(candidate, &gradient_);
  if (settings_.gradient_penalty > 0) value += penalize(candidate);
  const at::Tensor& images = candidate.images;
  float* gradient = gradient_.images.data_ptr<float>();
  const ImageView view{images.data_ptr<float>(), images.size(0), images.size(1), images.size(2),
                       images.size(3)};
  for (size_t i = 0; i < settings_.prior_weights.size(); ++i)
    if (const double weight = settings_.prior_weights[i]; weight > 0)
      value += weight * priors()[i].evaluate(view, weight, gradient);
  if (label_fit_)
    value += settings_.label_fit *
             label_fit_->evaluate(images, candidate.labels, settings_.label_fit, gradient);
  variables.collect(gradient_, out);
  return value;
}

// lambda |g|^2, g = dD/dx. Its gradient is 2 lambda H g, and H g the change of g along g.
double MatchingTarget::penalize(const Candidate& candidate) {
  const double length = gradient_.images.norm().item<double>();
  if (!(length > 0)) return settings_.gradient_penalty * length;  // NaN passes
  const double step =
      kPenaltyStep * std::sqrt(static_cast<double>(candidate.images.numel())) / length;
  Candidate moved = candidate;
  moved.images = candidate.images.add(gradient_.images, step);
  engine_->evaluate(moved, &ahead_);
  const double factor = 2 * settings_.gradient_penalty / step;
  gradient_.images.add_(ahead_.images.sub(gradient_.images), factor);
  if (gradient_.label_logits.defined())
    gradient_.label_logits.add_(ahead_.label_logits.sub(gradient_.label_logits), factor);
  return settings_.gradient_penalty * length * length;
}

}  // namespace medpfl
