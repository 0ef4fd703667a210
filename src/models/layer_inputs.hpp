#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "models/model.hpp"

namespace medpfl {

/// The tensors that enter some layers of a network, for attack priors that compare them.
struct LayerInputs {
  std::vector<at::Tensor> norms;  ///< [B, C, H, W] for each kBatchNorm, in the order of the layers
  at::Tensor features;            ///< [B, F], what enters the head
};

/// Returns the layer inputs of a forward pass with the arguments of Model::forward. They can be
/// differentiated.
LayerInputs layer_inputs(const Model& model, const std::vector<at::Tensor>& weights,
                         const at::Tensor& images, NormMode norm_mode);
inline LayerInputs layer_inputs(const Model& model, const std::vector<at::Tensor>& weights,
                                const at::Tensor& images) {
  return layer_inputs(model, weights, images, model.norm_mode());
}

/// Is called for each layer that has parameters, in their order, with the layer's input and output:
/// [B, C, H, W] for convolutions and norms; [B, F] and [B, O] for dense layers and the rows of
/// kImprint.
using LayerVisitor =
    std::function<void(const Layer& layer, const at::Tensor& input, const at::Tensor& output)>;

/// Calls `visit` during a forward pass with the arguments of Model::forward. Returns the logits.
at::Tensor forward_visited(const Model& model, const std::vector<at::Tensor>& weights,
                           const at::Tensor& images, const LayerVisitor& visit);

}  // namespace medpfl
