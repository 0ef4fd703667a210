#pragma once
#include <vector>

#include "attacks/engines/matching_engine.hpp"
#include "attacks/engines/native/signal.hpp"

namespace medpfl::native {

/// The mean cross entropy at the end of a network, or the fixed error of a candidate in its place,
/// from which the backward passes start. Works on the signal of the logits [classes, B].
class Loss {
 public:
  explicit Loss(Signal* logits);

  /// Writes dL/d logits to logits.error, from logits.value.
  void differentiate(const Candidate& candidate);
  /// Writes the change of dL/d logits along v to logits.error_tangent, from logits.tangent.
  void differentiate_along(const Candidate& candidate);
  /// Writes the change of dL/d(label logits) along v to `out` [B, classes], from logits.tangent.
  void differentiate_labels(float* out) const;

 private:
  Signal& logits_;
  std::vector<float> probability_, target_;  // [classes, B]
};

}  // namespace medpfl::native
