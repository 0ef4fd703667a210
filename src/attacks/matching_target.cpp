#include "attacks/matching_target.hpp"

#include <numeric>

namespace medpfl {

MatchingTarget::MatchingTarget(std::vector<Term> terms, MatchingEngine* engine, Candidate knowledge)
    : terms_(std::move(terms)), engine_(engine), knowledge_(std::move(knowledge)) {
  for (const Term& term : terms_) names_.push_back(term.name);
}

double MatchingTarget::evaluate(const Variables& variables, const float* x, float* out) {
  const Candidate candidate = variables.candidate(x, knowledge_);
  values_ = {engine_->evaluate(candidate, &gradient_)};
  for (const Term& term : terms_)
    values_.push_back(term.weight * term.evaluate(candidate.images, term.weight,
                                                  gradient_.images.data_ptr<float>()));
  variables.collect(gradient_, out);
  return std::accumulate(values_.begin(), values_.end(), 0.0);
}

}  // namespace medpfl
