#include "attacks/matching_target.hpp"

namespace medpfl {

double MatchingTarget::evaluate(const Variables& variables, const float* x, float* out) {
  const Candidate candidate = variables.candidate(x, knowledge_);
  double value = engine_->evaluate(candidate, &gradient_);
  for (const Term& term : terms_)
    value += term.weight *
             term.evaluate(candidate.images, term.weight, gradient_.images.data_ptr<float>());
  variables.collect(gradient_, out);
  return value;
}

}  // namespace medpfl
