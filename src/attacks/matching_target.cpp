#include "attacks/matching_target.hpp"

namespace medpfl {

double MatchingTarget::evaluate(const Variables& variables, const float* x, float* out) {
  const Candidate candidate = variables.candidate(x, knowledge_);
  double value = scale_ * engine_->evaluate(candidate, &gradient_);
  if (scale_ != 1) {
    gradient_.images.mul_(scale_);
    if (gradient_.label_logits.defined()) gradient_.label_logits.mul_(scale_);
  }
  for (const Term& term : terms_)
    value += term.weight *
             term.evaluate(candidate.images, term.weight, gradient_.images.data_ptr<float>());
  variables.collect(gradient_, out);
  return value;
}

}  // namespace medpfl
