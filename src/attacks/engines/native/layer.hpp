#pragma once
#include <memory>
#include <vector>

#include "attacks/engines/native/signal.hpp"
#include "core/flat_parameters.hpp"
#include "models/model.hpp"

namespace medpfl::native {

/// One layer's share of the four passes over a network. It is bound to the signals before and after
/// it; weights, their gradient and a direction v come as flat buffers in the model's layout.
class Step {
 public:
  virtual ~Step() = default;
  /// Computes the value of the signal after the layer from that before.
  virtual void forward(const float* weights) = 0;
  /// Computes the error before the layer from that after, and the layer's own part of dL/dw.
  virtual void backward(const float* weights, float* gradient) = 0;
  /// Computes the tangent after the layer from that before, along v.
  virtual void tangent_forward(const float* weights, const float* v) = 0;
  /// Computes the tangent of the error before the layer from the error after and its tangent, along
  /// v.
  virtual void tangent_backward(const float* weights, const float* v) = 0;
};

/// Memory in which a step keeps its columns while it works; all steps share it, and it is as large
/// as the largest step needs.
using Scratch = std::vector<float>;

/// Each returns a step of one kind; all arguments must outlive it.
std::unique_ptr<Step> make_linear(const Layer& layer, const ParameterLayout& layout, Signal* in,
                                  Signal* out, Scratch* scratch);
std::unique_ptr<Step> make_activation(Activation activation, Signal* in, Signal* out);
std::unique_ptr<Step> make_max_pool(const Layer& layer, Signal* in, Signal* out);
std::unique_ptr<Step> make_flatten(Signal* in, Signal* out);
std::unique_ptr<Step> make_normalize(const Layer& layer, Signal* in, Signal* out);
std::unique_ptr<Step> make_group_norm(const Layer& layer, const ParameterLayout& layout, Signal* in,
                                      Signal* out);

}  // namespace medpfl::native
