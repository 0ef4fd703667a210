#pragma once
#include <string>
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
  MatchingTarget(std::vector<Term> terms, MatchingEngine* engine, double scale,
                 Candidate knowledge);

  /// The objective at `x`; writes its gradient to `out`, as long.
  double evaluate(const Variables& variables, const float* x, float* out);
  /// Names of all that the objective is the sum of: `matching`, the distance, and the terms.
  const std::vector<std::string>& names() const { return names_; }
  /// What each came to in the last evaluation, its weight included.
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<Term> terms_;
  MatchingEngine* engine_;
  double scale_;
  Candidate knowledge_;
  CandidateGradient gradient_;
  std::vector<std::string> names_ = {"matching"};
  std::vector<double> values_;
};

}  // namespace medpfl
