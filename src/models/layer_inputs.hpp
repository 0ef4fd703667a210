#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "models/model.hpp"

namespace medpfl {

/// What goes into some layers of a network, for priors that look at it.
struct LayerInputs {
  std::vector<at::Tensor> norms;  ///< [B, C, H, W], of each kBatchNorm in the order of the layers
  at::Tensor features;            ///< [B, F], of the head
};

/// In a pass as Model::forward makes it, with its arguments; autograd sees through it.
LayerInputs layer_inputs(const Model& model, const std::vector<at::Tensor>& weights,
                         const at::Tensor& images, NormMode norm_mode);
inline LayerInputs layer_inputs(const Model& model, const std::vector<at::Tensor>& weights,
                                const at::Tensor& images) {
  return layer_inputs(model, weights, images, model.norm_mode());
}

/// Called for each layer that has parameters, in their order, with what enters it and what comes
/// out, before anything else is done to it: [B, C, H, W] of convolutions and norms; of dense
/// layers, and of the rows of kImprint, [B, F] and [B, O].
using LayerVisitor =
    std::function<void(const Layer& layer, const at::Tensor& input, const at::Tensor& output)>;

/// Model::forward with its arguments, seen by `visit`; returns the logits.
at::Tensor forward_visited(const Model& model, const std::vector<at::Tensor>& weights,
                           const at::Tensor& images, const LayerVisitor& visit);

}  // namespace medpfl
