#include "attacks/engines/native/network.hpp"

#include "core/error.hpp"

namespace medpfl::native {

Network::Network(const Model& model, int64_t batch) {
  const ImageShape& input = model.input();
  signals_.emplace_back(input.channels, batch, input.height, input.width);
  signals_.back().fixed = true;
  const ParameterLayout& layout = model.layout();
  for (const Layer& layer : model.layers()) {
    Signal* in = &signals_.back();
    signals_.push_back(output_of(layer, layout, *in));
    Signal* out = &signals_.back();
    switch (layer.kind) {
      case Layer::Kind::kConvolution:
      case Layer::Kind::kDense:
        steps_.push_back(make_linear(layer, layout, in, out, &scratch_));
        break;
      case Layer::Kind::kGroupNorm:
        steps_.push_back(make_group_norm(layer, layout, in, out));
        break;
      case Layer::Kind::kActivation:
        steps_.push_back(make_activation(layer.activation, in, out));
        break;
      case Layer::Kind::kMaxPool:
        steps_.push_back(make_max_pool(layer, in, out));
        break;
      case Layer::Kind::kFlatten:
        steps_.push_back(make_flatten(in, out));
        break;
      case Layer::Kind::kNormalize:
        steps_.push_back(make_normalize(layer, in, out));
        break;
      default:
        throw Error(ExitCode::kInternal, "native engine: unknown layer in " + model.name());
    }
  }
}

Signal Network::output_of(const Layer& layer, const ParameterLayout& layout,
                          const Signal& in) const {
  Signal out(0, in.batch, 0, 0);
  const auto extent = [&](int64_t pixels) {
    return (pixels + 2 * layer.padding - layer.kernel) / layer.stride + 1;
  };
  switch (layer.kind) {
    case Layer::Kind::kConvolution:
      out = Signal(layout[layer.weight].shape[0], in.batch, extent(in.height), extent(in.width));
      break;
    case Layer::Kind::kDense:
      out = Signal(layout[layer.weight].shape[0], in.batch, 1, 1);
      break;
    case Layer::Kind::kMaxPool:
      out = Signal(in.channels, in.batch, extent(in.height), extent(in.width));
      break;
    case Layer::Kind::kFlatten:
      out = Signal(in.channels * in.plane(), in.batch, 1, 1);
      break;
    default:
      out = Signal(in.channels, in.batch, in.height, in.width);
  }
  out.fixed = in.fixed && layer.weight < 0;
  return out;
}

void Network::forward(const float* weights) {
  for (const auto& step : steps_) step->forward(weights);
}

void Network::backward(const float* weights, float* gradient) {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
    (*step)->backward(weights, gradient);
}

void Network::tangent_forward(const float* weights, const float* v) {
  for (const auto& step : steps_) step->tangent_forward(weights, v);
}

void Network::tangent_backward(const float* weights, const float* v) {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
    (*step)->tangent_backward(weights, v);
}

}  // namespace medpfl::native
