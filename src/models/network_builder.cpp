#include "models/network_builder.hpp"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {

const Words<Activation>& words_of(Activation) {
  using A = Activation;
  static const Words<A> words = {{A::kSigmoid, "sigmoid"}, {A::kTanh, "tanh"},
                                 {A::kRelu, "relu"},       {A::kLeakyRelu, "leaky_relu"},
                                 {A::kElu, "elu"},         {A::kSilu, "silu"}};
  return words;
}

NetworkBuilder::NetworkBuilder(const ModelRequest& request, Activation default_activation)
    : request_(request),
      activation_(request.activation.value_or(default_activation)),
      shape_(request.input) {
  if (request.imprint_rows > 0) {
    Layer layer;
    layer.kind = Layer::Kind::kImprint;
    layer.weight = layout_.add("imprint.weight", {request.imprint_rows, shape_.size()});
    layer.bias = layout_.add("imprint.bias", {request.imprint_rows});
    layers_.push_back(layer);
  }
  if (!request.normalization.mean.empty()) {
    Layer layer;
    layer.kind = Layer::Kind::kNormalize;
    layer.shift = at::tensor(request.normalization.mean, at::kFloat).view({-1, 1, 1});
    layer.scale = at::tensor(request.normalization.deviation, at::kFloat).view({-1, 1, 1});
    layers_.push_back(layer);
  }
}

std::string NetworkBuilder::next_name(const std::string& kind) {
  ++named_;
  return name_.empty() ? fmt::format("{}{}", kind, named_) : std::exchange(name_, "");
}

NetworkBuilder& NetworkBuilder::named(std::string name) {
  name_ = std::move(name);
  return *this;
}

NetworkBuilder& NetworkBuilder::convolution(int64_t out_channels, int64_t kernel, int64_t stride,
                                            int64_t padding, bool bias) {
  const int64_t height = shape_.height + 2 * padding - kernel;
  const int64_t width = shape_.width + 2 * padding - kernel;
  if (height < 0 || width < 0)
    throw ConfigError(
        fmt::format("data.image_size={} is too small for this model: a {} px kernel "
                    "meets a {}x{} image; use larger images or another model",
                    request_.input.height, kernel, shape_.height, shape_.width));
  Layer layer;
  layer.kind = Layer::Kind::kConvolution;
  layer.kernel = kernel;
  layer.stride = stride;
  layer.padding = padding;
  const std::string name = next_name("conv");
  layer.weight = layout_.add(name + ".weight", {out_channels, shape_.channels, kernel, kernel});
  if (bias) layer.bias = layout_.add(name + ".bias", {out_channels});
  layers_.push_back(layer);
  shape_ = {out_channels, height / stride + 1, width / stride + 1};
  return *this;
}

Layer NetworkBuilder::norm_layer(Layer::Kind kind) {
  Layer layer;
  layer.kind = kind;
  const std::string name = next_name("norm");
  layer.weight = layout_.add(name + ".weight", {shape_.channels});
  layer.bias = layout_.add(name + ".bias", {shape_.channels});
  return layer;
}

NetworkBuilder& NetworkBuilder::group_norm(int64_t groups) {
  Layer layer = norm_layer(Layer::Kind::kGroupNorm);
  layer.groups = groups;
  layers_.push_back(layer);
  return *this;
}

NetworkBuilder& NetworkBuilder::batch_norm() {
  layers_.push_back(norm_layer(Layer::Kind::kBatchNorm));
  return *this;
}

NetworkBuilder& NetworkBuilder::norm(const NormOptions& options) {
  if (options.kind == NormKind::kBatch) return batch_norm();
  if (options.kind == NormKind::kGroup)
    return group_norm(std::gcd(shape_.channels, options.groups));
  name_.clear();
  return *this;
}

NetworkBuilder& NetworkBuilder::activation() {
  Layer layer;
  layer.kind = Layer::Kind::kActivation;
  layer.activation = activation_;
  layers_.push_back(layer);
  return *this;
}

NetworkBuilder& NetworkBuilder::max_pool(int64_t kernel, int64_t stride, int64_t padding) {
  const int64_t height = shape_.height + 2 * padding - kernel;
  const int64_t width = shape_.width + 2 * padding - kernel;
  if (height < 0 || width < 0)
    throw ConfigError(
        fmt::format("data.image_size={} is too small for this model: pooling {} px "
                    "meets a {}x{} image; use larger images or fewer blocks",
                    request_.input.height, kernel, shape_.height, shape_.width));
  Layer layer;
  layer.kind = Layer::Kind::kMaxPool;
  layer.kernel = kernel;
  layer.stride = stride == 0 ? kernel : stride;
  layer.padding = padding;
  layers_.push_back(layer);
  shape_ = {shape_.channels, height / layer.stride + 1, width / layer.stride + 1};
  return *this;
}

NetworkBuilder& NetworkBuilder::average_pool() {
  layers_.emplace_back().kind = Layer::Kind::kAveragePool;
  shape_ = {shape_.channels, 1, 1};
  return *this;
}

NetworkBuilder& NetworkBuilder::keep() {
  layers_.emplace_back().kind = Layer::Kind::kKeep;
  kept_ = shape_;
  return *this;
}

NetworkBuilder& NetworkBuilder::shortcut() {
  layers_.emplace_back().kind = Layer::Kind::kSwap;
  std::swap(shape_, kept_);
  return *this;
}

NetworkBuilder& NetworkBuilder::add() {
  if (shape_.channels != kept_.channels || shape_.height != kept_.height ||
      shape_.width != kept_.width)
    throw Error(ExitCode::kInternal, "a residual block adds tensors of different shapes");
  layers_.emplace_back().kind = Layer::Kind::kAdd;
  return *this;
}

NetworkBuilder& NetworkBuilder::subsample(int64_t out_channels, int64_t stride) {
  Layer layer;
  layer.kind = Layer::Kind::kSubsample;
  layer.stride = stride;
  layer.padding = (out_channels - shape_.channels) / 2;
  layers_.push_back(layer);
  shape_ = {shape_.channels + 2 * layer.padding, (shape_.height - 1) / stride + 1,
            (shape_.width - 1) / stride + 1};
  return *this;
}

NetworkBuilder& NetworkBuilder::dense(int64_t out_features) {
  if (!flat_) {
    layers_.emplace_back();
    shape_ = {shape_.size(), 1, 1};
    flat_ = true;
  }
  Layer layer;
  layer.kind = Layer::Kind::kDense;
  const std::string name = next_name("dense");
  layer.weight = layout_.add(name + ".weight", {out_features, shape_.channels});
  layer.bias = layout_.add(name + ".bias", {out_features});
  layers_.push_back(layer);
  shape_.channels = out_features;
  return *this;
}

NetworkBuilder& NetworkBuilder::bottleneck(const Bottleneck& bottleneck) {
  const std::string name = next_name("bottleneck");
  const int64_t features = shape_.size();
  named(name + ".encoder").dense(2 * bottleneck.width);
  Layer layer;
  layer.kind = Layer::Kind::kBottleneck;
  layer.bottleneck = bottleneck;
  layers_.push_back(layer);
  shape_.channels = bottleneck.width;
  return named(name + ".decoder").dense(features);
}

Model NetworkBuilder::build(std::string name) {
  if (request_.before_head) {
    std::string head = std::exchange(name_, "");
    const int64_t count = named_;
    request_.before_head(this);
    name_ = std::move(head);
    named_ = count;
  }
  dense(request_.classes);
  for (Layer& layer : layers_) {
    if (layer.kind != Layer::Kind::kBatchNorm) continue;
    const ParameterLayout::Entry& weight = layout_[layer.weight];
    const std::string owner = weight.name.substr(0, weight.name.rfind('.'));
    const std::vector<int64_t> shape = weight.shape;
    layer.mean = layout_.add_statistic(owner + ".running_mean", shape);
    layer.variance = layout_.add_statistic(owner + ".running_var", shape);
  }
  return Model(std::move(name), request_.input, request_.classes, std::move(layers_),
               std::move(layout_), request_.norm_mode);
}

const Words<NormKind>& words_of(NormKind) {
  static const Words<NormKind> words = {
      {NormKind::kBatch, "batch"}, {NormKind::kGroup, "group"}, {NormKind::kNone, "none"}};
  return words;
}

OptionTable<NormOptions> norm_options(bool with_none) {
  using O = Option<NormOptions>;
  const O norm = {"norm", &NormOptions::kind, "normalization after each convolution"};
  return {with_none ? norm : norm.one_of({"batch", "group"}),
          O{"groups", &NormOptions::groups, "groups of norm=group, at most"}.at_least(1)};
}

}  // namespace medpfl
