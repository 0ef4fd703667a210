#include "models/model.hpp"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/constant_pad_nd.h>
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
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "models/convolution.hpp"
#include "models/layer_inputs.hpp"

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
  const at::Tensor above = x.detach().gt(0).to(at::kFloat);
  switches->keep(slope_below == 0 ? above : above.mul(1 - slope_below).add_(slope_below));
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
  if (switches == nullptr) return at::max_pool2d(x, layer.kernel, layer.stride, layer.padding);
  if (switches->replaying()) {
    const at::Tensor& from = switches->next();
    return x.flatten(2).gather(2, from.flatten(2)).view(from.sizes());
  }
  auto [maxima, from] = at::max_pool2d_with_indices(x, layer.kernel, layer.stride, layer.padding);
  switches->keep(from);
  return maxima;
}

at::Tensor parameter(const std::vector<at::Tensor>& weights, int64_t index) {
  return index < 0 ? at::Tensor() : weights[static_cast<size_t>(index)];
}

at::Tensor batch_norm(const Model& model, const Layer& layer,
                      const std::vector<at::Tensor>& weights, const at::Tensor& x,
                      NormMode norm_mode, std::vector<at::Tensor>* statistics) {
  at::Tensor mean = parameter(weights, layer.mean), variance = parameter(weights, layer.variance);
  const bool train = norm_mode == NormMode::kTrain;
  if (train) {
    if (x.numel() == x.size(1))
      throw NumericError(fmt::format(
          "model.norm_mode=train: {} of {} normalizes one value a channel (one image of 1x1 px), "
          "which has no variance; use larger batches, larger images or model.norm_mode=eval",
          model.layout()[layer.weight].name, model.name()));
    // Running statistics that start at zero and follow the batch at once are those of the batch.
    mean = at::zeros(mean.sizes(), mean.options());
    variance = at::zeros(mean.sizes(), mean.options());
    if (statistics != nullptr) statistics->insert(statistics->end(), {mean, variance});
  }
  return at::batch_norm(x, parameter(weights, layer.weight), parameter(weights, layer.bias), mean,
                        variance, train, 1, kNormEpsilon, true);
}

// Through all layers. `statistics`, `switches`, `bottleneck` and `visit` may be null.
at::Tensor pass(const Model& model, const std::vector<at::Tensor>& weights,
                const at::Tensor& images, NormMode norm_mode, std::vector<at::Tensor>* statistics,
                Switches* switches, BottleneckPass* bottleneck, const LayerVisitor& visit) {
  at::Tensor x = images, kept;
  for (const Layer& layer : model.layers()) {
    const at::Tensor input = x;
    switch (layer.kind) {
      case Layer::Kind::kConvolution:
        x = convolution(x, parameter(weights, layer.weight), parameter(weights, layer.bias),
                        layer.stride, layer.padding);
        break;
      case Layer::Kind::kGroupNorm:
        x = at::group_norm(x, layer.groups, parameter(weights, layer.weight),
                           parameter(weights, layer.bias));
        break;
      case Layer::Kind::kBatchNorm:
        x = batch_norm(model, layer, weights, x, norm_mode, statistics);
        break;
      case Layer::Kind::kActivation:
        x = activate(layer.activation, x, switches);
        break;
      case Layer::Kind::kMaxPool:
        x = max_pool(layer, x, switches);
        break;
      case Layer::Kind::kAveragePool:
        x = x.mean({2, 3}, true);
        break;
      case Layer::Kind::kSubsample: {
        constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
        x = x.slice(2, 0, kEnd, layer.stride).slice(3, 0, kEnd, layer.stride);
        x = at::constant_pad_nd(x, {0, 0, 0, 0, layer.padding, layer.padding});
        break;
      }
      case Layer::Kind::kFlatten:
        x = x.flatten(1);
        break;
      case Layer::Kind::kDense:
        x = at::linear(x, parameter(weights, layer.weight), parameter(weights, layer.bias));
        break;
      case Layer::Kind::kKeep:
        kept = x;
        break;
      case Layer::Kind::kSwap:
        std::swap(x, kept);
        break;
      case Layer::Kind::kAdd:
        x = x.add(kept);
        break;
      case Layer::Kind::kImprint: {
        const at::Tensor rows = at::linear(x.flatten(1), parameter(weights, layer.weight),
                                           parameter(weights, layer.bias));
        if (visit) visit(layer, x.flatten(1), rows);
        x = x.add(at::relu(rows).sum(1).view({-1, 1, 1, 1}));
        continue;
      }
      case Layer::Kind::kNormalize:
        x = x.sub(layer.shift).div(layer.scale);
        break;
      case Layer::Kind::kBottleneck:
        x = through_bottleneck(x, bottleneck);
        break;
    }
    if (visit && layer.weight >= 0) visit(layer, input, x);
  }
  return x;
}

}  // namespace

const Words<NormMode>& words_of(NormMode) {
  static const Words<NormMode> words = {{NormMode::kEval, "eval"}, {NormMode::kTrain, "train"}};
  return words;
}

Model::Model(std::string name, ImageShape input, int64_t classes, std::vector<Layer> layers,
             ParameterLayout layout, NormMode norm_mode)
    : name_(std::move(name)),
      input_(input),
      classes_(classes),
      layers_(std::move(layers)),
      layout_(std::move(layout)),
      norm_mode_(norm_mode) {
  if (layers_.empty() || layers_.back().kind != Layer::Kind::kDense)
    throw Error(ExitCode::kInternal, "model '" + name_ + "' must end in a dense layer");
}

void Model::compute_on(at::Device device) {
  device_ = device;
  for (Layer& layer : layers_) {
    if (layer.kind != Layer::Kind::kNormalize) continue;
    layer.shift = layer.shift.to(device);
    layer.scale = layer.scale.to(device);
  }
}

Normalization Model::normalization() const {
  Normalization out;
  for (const Layer& layer : layers_) {
    if (layer.kind != Layer::Kind::kNormalize) continue;
    for (int64_t c = 0; c < layer.shift.numel(); ++c) {
      out.mean.push_back(layer.shift[c].item<double>());
      out.deviation.push_back(layer.scale[c].item<double>());
    }
  }
  return out;
}

Bottleneck Model::bottleneck() const {
  for (const Layer& layer : layers_)
    if (layer.kind == Layer::Kind::kBottleneck) return layer.bottleneck;
  return {};
}

at::Tensor Model::forward(const std::vector<at::Tensor>& weights, const at::Tensor& images,
                          NormMode norm_mode, std::vector<at::Tensor>* statistics,
                          Switches* switches, BottleneckPass* bottleneck) const {
  return pass(*this, weights, images, norm_mode, statistics, switches, bottleneck, {});
}

at::Tensor forward_visited(const Model& model, const std::vector<at::Tensor>& weights,
                           const at::Tensor& images, const LayerVisitor& visit) {
  return pass(model, weights, images, model.norm_mode(), nullptr, nullptr, nullptr, visit);
}

LayerInputs layer_inputs(const Model& model, const std::vector<at::Tensor>& weights,
                         const at::Tensor& images, NormMode norm_mode) {
  LayerInputs inputs;
  pass(model, weights, images, norm_mode, nullptr, nullptr, nullptr,
       [&](const Layer& layer, const at::Tensor& input, const at::Tensor&) {
         if (layer.kind == Layer::Kind::kBatchNorm) inputs.norms.push_back(input);
         if (layer.kind == Layer::Kind::kDense) inputs.features = input;  // the last stays
       });
  return inputs;
}

void mend_variances(const Model& model, FlatParameters* weights) {
  for (const Layer& layer : model.layers()) {
    if (layer.variance < 0) continue;
    const ParameterLayout::Entry& entry = model.layout()[layer.variance];
    float* values = weights->data() + entry.offset;
    for (int64_t i = 0; i < entry.size; ++i) values[i] = std::max(values[i], 0.0F);
  }
}

}  // namespace medpfl
