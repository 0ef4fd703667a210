#include "models/model.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
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

at::Tensor Model::forward(const std::vector<at::Tensor>& weights, const at::Tensor& images) const {
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
        x = activate(layer.activation, x);
        break;
      case Layer::Kind::kMaxPool:
        x = at::max_pool2d(x, layer.kernel, layer.stride);
        break;
      case Layer::Kind::kFlatten:
        x = x.flatten(1);
        break;
      case Layer::Kind::kDense:
        x = at::linear(x, parameter(weights, layer.weight), parameter(weights, layer.bias));
        break;
      case Layer::Kind::kImprint: {
        const at::Tensor rows = at::linear(x.flatten(1), parameter(weights, layer.weight),
                                           parameter(weights, layer.bias));
        x = x.add(at::relu(rows).sum(1).view({-1, 1, 1, 1}));
        break;
      }
    }
  }
  return x;
}

}  // namespace medpfl
