#pragma once
#include <string>
#include <vector>

#include "attacks/engines/matching_engine.hpp"
#include "attacks/matching/term.hpp"
#include "attacks/matching/variables.hpp"

namespace medpfl {

/// The attacker's whole objective: the distance of gradients, the penalty on its slope, and
/// weighted terms.
class MatchingTarget {
 public:
  /// `engine` must outlive this object; `scale`: weight of the distance D; `penalty`: times the
  /// square of the image gradient of scale * D; `knowledge`: what of a candidate is not varied.
  MatchingTarget(std::vector<Term> terms, MatchingEngine* engine, double scale, double penalty,
                 Candidate knowledge);

  /// Returns the objective at `x` and writes its gradient to `out`, which is as long. `noise`: see
  /// Candidate; undefined: that of the knowledge.
  double evaluate(const Variables& variables, const float* x, float* out,
                  const at::Tensor& noise = {});
  /// Returns how many evaluations of the engine one evaluation of the objective takes.
  int64_t cost() const { return penalty_ > 0 ? 2 : 1; }
  /// Returns the names of the summands of the objective: `matching`, the distance;
  /// `gradient_penalty` where there is one; the terms.
  const std::vector<std::string>& names() const { return names_; }
  /// Returns the value of each summand in the last evaluation, its weight included.
  const std::vector<double>& values() const { return values_; }
  /// Returns the distance of gradients in the last evaluation, without its weight.
  double matching() const { return values_.front() / scale_; }

 private:
  double distance(const Candidate& candidate, CandidateGradient* gradient) const;
  double penalize(const Candidate& candidate);

  std::vector<Term> terms_;
  MatchingEngine* engine_;
  double scale_, penalty_;
  Candidate knowledge_;
  CandidateGradient gradient_, ahead_;
  std::vector<std::string> names_ = {"matching"};
  std::vector<double> values_;
};

}  // namespace medpfl
