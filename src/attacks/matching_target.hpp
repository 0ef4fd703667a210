#pragma once
#include "attacks/matching_engine.hpp"
#include "attacks/matching_settings.hpp"
#include "attacks/variables.hpp"

namespace medpfl {

/// The attacker's whole objective: the distance of gradients, and the weighted priors.
class MatchingTarget {
 public:
  /// `settings` and `engine` must outlive this object; `knowledge`: what of a candidate is not
  /// varied.
  MatchingTarget(const MatchingSettings& settings, MatchingEngine* engine, Candidate knowledge)
      : weights_(settings.prior_weights), engine_(engine), knowledge_(std::move(knowledge)) {}

  /// The objective at `x`; writes its gradient to `out`, as long.
  double evaluate(const Variables& variables, const float* x, float* out);

 private:
  const std::vector<double>& weights_;
  MatchingEngine* engine_;
  Candidate knowledge_;
  CandidateGradient gradient_;
};

}  // namespace medpfl
