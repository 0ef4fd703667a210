#pragma once
#include <ATen/core/Tensor.h>

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

}  // namespace medpfl
