#pragma once
#include <deque>
#include <memory>
#include <vector>

#include "attacks/engines/native/layer.hpp"

namespace medpfl::native {

/// A sequential network on buffers that are allocated once, for batches of one size, with the four
/// passes of Pearlmutter's R-operator (1994). The caller fills the ends: images before forward(),
/// the errors of the logits before backward() and tangent_backward().
class Network {
 public:
  /// `model` must be one that native_applies() accepts, and outlive this object.
  Network(const Model& model, int64_t batch);

  int64_t batch() const { return signals_.front().batch; }
  Signal& images() { return signals_.front(); }  ///< [C, B, H, W]
  Signal& logits() { return signals_.back(); }   ///< [classes, B]
  /// Computes logits.value from images.value.
  void forward(const float* weights);
  /// Computes dL/dw, in the model's layout, from logits.error.
  void backward(const float* weights, float* gradient);
  /// Computes logits.tangent, the change of logits.value as weights move along v.
  void tangent_forward(const float* weights, const float* v);
  /// Computes images.error_tangent, the change of dL/dx along v, from logits.error and
  /// error_tangent.
  void tangent_backward(const float* weights, const float* v);

 private:
  Signal output_of(const Layer& layer, const ParameterLayout& layout, const Signal& in) const;

  std::deque<Signal> signals_;  // steps point to them
  std::vector<std::unique_ptr<Step>> steps_;
  Scratch scratch_;
};

}  // namespace medpfl::native
