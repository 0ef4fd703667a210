#pragma once
#include <vector>

#include "attacks/matching_engine.hpp"
#include "attacks/term.hpp"
#include "attacks/variables.hpp"

namespace medpfl {

/// The attacker's whole objective: the distance of gradients, and weighted terms.
class MatchingTarget {
 public:
  /// `engine` must outlive this object; `scale`: weight of the distance; `knowledge`: what of a
  /// candidate is not varied.
  MatchingTarget(std::vector<Term> terms, MatchingEngine* engine, double scale, Candidate knowledge)
      : terms_(std::move(terms)),
        engine_(engine),
        scale_(scale),
        knowledge_(std::move(knowledge)) {}

  /// The objective at `x`; writes its gradient to `out`, as long.
  double evaluate(const Variables& variables, const float* x, float* out);

 private:
  std::vector<Term> terms_;
  MatchingEngine* engine_;
  double scale_;
  Candidate knowledge_;
  CandidateGradient gradient_;
};

}  // namespace medpfl
