#include "models/model.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/max_pool2d_with_indices.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tanh.h>

#include <utility>

#include "core/error.hpp"

namespace medpfl {
namespace {

at::Tensor activate(Activation activation, const at::Tensor& x) {
  switch (activation) {
    case Activation::kSigmoid:
      return at::sigmoid(x);
    case Activation::kTanh:
      return at::tanh(x);
    case Activation::kRelu:
      return at::relu(x);
    case Activation::kLeakyRelu:
      return at::leaky_relu(x);
    case Activation::kElu:
      return at::elu(x);
    case Activation::kSilu:
      return at::silu(x);
  }
  throw Error(ExitCode::kInternal, "unknown activation");
}

// The units with a kink, whose slope is a switch.
at::Tensor switched_activation(double slope_below, const at::Tensor& x, Switches* switches) {
  if (switches->replaying()) return x.mul(switches->next());
  switches->keep(x.detach().gt(0).to(at::kFloat).mul_(1 - slope_below).add_(slope_below));
  return slope_below == 0 ? at::relu(x) : at::leaky_relu(x, slope_below);
}

at::Tensor activate(Activation activation, const at::Tensor& x, Switches* switches) {
  if (switches != nullptr && activation == Activation::kRelu)
    return switched_activation(0, x, switches);
  if (switches != nullptr && activation == Activation::kLeakyRelu)
    return switched_activation(0.01, x, switches);
  return activate(activation, x);
}

at::Tensor max_pool(const Layer& layer, const at::Tensor& x, Switches* switches) {
  if (switches == nullptr) return at::max_pool2d(x, layer.kernel, layer.stride);
  if (switches->replaying()) {
    const at::Tensor& from = switches->next();
    return x.flatten(2).gather(2, from.flatten(2)).view(from.sizes());
  }
  auto [maxima, from] = at::max_pool2d_with_indices(x, layer.kernel, layer.stride);
  switches->keep(from);
  return maxima;
}

at::Tensor parameter(const std::vector<at::Tensor>& weights, int64_t index) {
  return index < 0 ? at::Tensor() : weights[static_cast<size_t>(index)];
}

}  // namespace

Model::Model(std::string name, ImageShape input, int64_t classes, std::vector<Layer> layers,
             ParameterLayout layout)
    : name_(std::move(name)),
      input_(input),
      classes_(classes),
      layers_(std::move(layers)),
      layout_(std::move(layout)) {
  if (layers_.empty() || layers_.back().kind != Layer::Kind::kDense)
    throw Error(ExitCode::kInternal, "model '" + name_ + "' must end in a dense layer");
}

at::Tensor Model::forward(const std::vector<at::Tensor>& weights, const at::Tensor& images,
                          Switches* switches) const {
  at::Tensor x = images;
  for (const Layer& layer : layers_) {
    switch (layer.kind) {
      case Layer::Kind::kConvolution:
        x = at::conv2d(x, parameter(weights, layer.weight), parameter(weights, layer.bias),
                       layer.stride, layer.padding);
        break;
      case Layer::Kind::kGroupNorm:
        x = at::group_norm(x, layer.groups, parameter(weights, layer.weight),
                           parameter(weights, layer.bias));
        break;
      case Layer::Kind::kActivation:
        x = activate(layer.activation, x, switches);
        break;
      case Layer::Kind::kMaxPool:
        x = max_pool(layer, x, switches);
        break;
      case Layer::Kind::kFlatten:
        x = x.flatten(1);
        break;
      case Layer::Kind::kDense:
        x = at::linear(x, parameter(weights, layer.weight), parameter(weights, layer.bias));
        break;
    }
  }
  return x;
}

}  // namespace medpfl
