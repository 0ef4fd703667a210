#include "attacks/matching/matching_target.hpp"

#include <cmath>
#include <numeric>

namespace medpfl {
namespace {

// Root mean square of what a pixel moves by in the difference of the penalty.
constexpr double kPenaltyStep = 1e-3;

}  // namespace

MatchingTarget::MatchingTarget(std::vector<Term> terms, MatchingEngine* engine, double scale,
                               double penalty, Candidate knowledge)
    : terms_(std::move(terms)),
      engine_(engine),
      scale_(scale),
      penalty_(penalty),
      knowledge_(std::move(knowledge)) {
  if (penalty_ > 0) names_.emplace_back("gradient_penalty");
  for (const Term& term : terms_) names_.push_back(term.name);
}

double MatchingTarget::evaluate(const Variables& variables, const float* x, float* out,
                                const at::Tensor& noise) {
  Candidate candidate = variables.candidate(x, knowledge_);
  if (noise.defined()) candidate.noise = noise;
  values_ = {distance(candidate, &gradient_)};
  if (penalty_ > 0) values_.push_back(penalize(candidate));
  for (const Term& term : terms_)
    values_.push_back(term.weight * term.evaluate(candidate.images, term.weight,
                                                  gradient_.images.data_ptr<float>()));
  variables.collect(gradient_, out);
  return std::accumulate(values_.begin(), values_.end(), 0.0);
}

double MatchingTarget::distance(const Candidate& candidate, CandidateGradient* gradient) const {
  const double value = engine_->evaluate(candidate, gradient);
  if (scale_ == 1) return value;
  gradient->images.mul_(scale_);
  if (gradient->label_logits.defined()) gradient->label_logits.mul_(scale_);
  gradient->surrogate *= scale_;
  return scale_ * value;
}

// lambda |g|^2, g = dD/dx. Its gradient is 2 lambda H g, and H g the change of g along g.
double MatchingTarget::penalize(const Candidate& candidate) {
  const double length = gradient_.images.norm().item<double>();
  if (!(length > 0)) return penalty_ * length;  // NaN passes
  const double step =
      kPenaltyStep * std::sqrt(static_cast<double>(candidate.images.numel())) / length;
  Candidate moved = candidate;
  moved.images = candidate.images.add(gradient_.images, step);
  distance(moved, &ahead_);
  const double factor = 2 * penalty_ / step;
  gradient_.images.add_(ahead_.images.sub(gradient_.images), factor);
  if (gradient_.label_logits.defined())
    gradient_.label_logits.add_(ahead_.label_logits.sub(gradient_.label_logits), factor);
  gradient_.surrogate += factor * (ahead_.surrogate - gradient_.surrogate);
  return penalty_ * length * length;
}

}  // namespace medpfl
