#pragma once
#include <vector>

#include "attacks/engines/matching_engine.hpp"
#include "attacks/engines/native/signal.hpp"

namespace medpfl::native {

/// Mean cross entropy at the end of a network, or the fixed error of a candidate in its place: what
/// the backward passes start from. Works on the signal of the logits [classes, B].
class Loss {
 public:
  explicit Loss(Signal* logits);

  /// From logits.value: dL/d logits into logits.error.
  void differentiate(const Candidate& candidate);
  /// From logits.tangent: its change along v into logits.error_tangent.
  void differentiate_along(const Candidate& candidate);
  /// From logits.tangent: the change of dL/d(label logits) along v, to `out` [B, classes].
  void differentiate_labels(float* out) const;

 private:
  Signal& logits_;
  std::vector<float> probability_, target_;  // [classes, B]
};

}  // namespace medpfl::native
