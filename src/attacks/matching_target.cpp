#include "attacks/matching_target.hpp"

#include <numeric>

namespace medpfl {

MatchingTarget::MatchingTarget(std::vector<Term> terms, MatchingEngine* engine, double scale,
                               Candidate knowledge)
    : terms_(std::move(terms)), engine_(engine), scale_(scale), knowledge_(std::move(knowledge)) {
  for (const Term& term : terms_) names_.push_back(term.name);
}

double MatchingTarget::evaluate(const Variables& variables, const float* x, float* out) {
  const Candidate candidate = variables.candidate(x, knowledge_);
  values_ = {scale_ * engine_->evaluate(candidate, &gradient_)};
  if (scale_ != 1) {
    gradient_.images.mul_(scale_);
    if (gradient_.label_logits.defined()) gradient_.label_logits.mul_(scale_);
  }
  for (const Term& term : terms_)
    values_.push_back(term.weight * term.evaluate(candidate.images, term.weight,
                                                  gradient_.images.data_ptr<float>()));
  variables.collect(gradient_, out);
  return std::accumulate(values_.begin(), values_.end(), 0.0);
}

}  // namespace medpfl
