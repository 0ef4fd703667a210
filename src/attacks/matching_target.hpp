#pragma once
#include <optional>

#include "attacks/label_fit.hpp"
#include "attacks/matching_engine.hpp"
#include "attacks/matching_settings.hpp"
#include "attacks/variables.hpp"

namespace medpfl {

/// The attacker's whole objective: the distance of gradients, the penalty on its slope, and the
/// weighted priors.
class MatchingTarget {
 public:
  /// All references and `engine` must outlive this object; `knowledge`: what of a candidate is not
  /// varied.
  MatchingTarget(const MatchingSettings& settings, const Model& model,
                 const Observation& observation, MatchingEngine* engine, Candidate knowledge);

  /// The objective at `x`; writes its gradient to `out`, as long.
  double evaluate(const Variables& variables, const float* x, float* out);
  /// Evaluations of the engine that one of these takes.
  int64_t cost() const { return settings_.gradient_penalty > 0 ? 2 : 1; }

 private:
  double penalize(const Candidate& candidate);

  const MatchingSettings& settings_;
  MatchingEngine* engine_;
  Candidate knowledge_;
  CandidateGradient gradient_, ahead_;
  std::optional<LabelFit> label_fit_;
};

}  // namespace medpfl
