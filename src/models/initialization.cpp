#include <cmath>

#include "core/random.hpp"
#include "models/model.hpp"

namespace medpfl {
namespace {

struct Fans {
  double in = 0, out = 0;
};

Fans fans(const std::vector<int64_t>& shape) {
  double receptive = 1;
  for (size_t i = 2; i < shape.size(); ++i) receptive *= static_cast<double>(shape[i]);
  return {static_cast<double>(shape[1]) * receptive, static_cast<double>(shape[0]) * receptive};
}

// Its encoder or its decoder.
bool beside_bottleneck(const std::vector<Layer>& layers, size_t i) {
  const auto is = [&](size_t k) { return layers[k].kind == Layer::Kind::kBottleneck; };
  return (i > 0 && is(i - 1)) || (i + 1 < layers.size() && is(i + 1));
}

}  // namespace

const Words<InitKind>& words_of(InitKind) {
  using K = InitKind;
  static const Words<K> words = {{K::kPytorch, "pytorch"},
                                 {K::kUniform, "uniform"},
                                 {K::kNormal, "normal"},
                                 {K::kXavier, "xavier"},
                                 {K::kKaiming, "kaiming"}};
  return words;
}

FlatParameters initial_weights(const Model& model, const Initialization& init, uint64_t seed) {
  FlatParameters weights(model.layout());
  const std::vector<Layer>& layers = model.layers();
  for (size_t at = 0; at < layers.size(); ++at) {
    const Layer& layer = layers[at];
    if (layer.weight < 0 || layer.kind == Layer::Kind::kImprint) continue;
    const ParameterLayout& layout = model.layout();
    float* weight = weights.data() + layout[layer.weight].offset;
    const int64_t size = layout[layer.weight].size;
    if (layer.kind == Layer::Kind::kGroupNorm || layer.kind == Layer::Kind::kBatchNorm) {
      std::fill_n(weight, size, 1.0F);
      if (layer.variance >= 0)
        std::fill_n(weights.data() + layout[layer.variance].offset, size, 1.0F);
      continue;
    }
    float* bias = layer.bias < 0 ? nullptr : weights.data() + layout[layer.bias].offset;
    const int64_t bias_size = layer.bias < 0 ? 0 : layout[layer.bias].size;
    RandomStream random({seed, Purpose::kModelInit, 0, 0, static_cast<uint64_t>(layer.weight)});
    const Fans fan = fans(layout[layer.weight].shape);
    const auto uniform = [&](float* out, int64_t n, double bound) {
      for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(random.uniform(-bound, bound));
    };
    const auto normal = [&](float* out, int64_t n, double sigma) {
      for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(sigma * random.normal());
    };
    switch (beside_bottleneck(layers, at) ? InitKind::kPytorch : init.kind) {
      case InitKind::kUniform:
        uniform(weight, size, init.scale);
        uniform(bias, bias_size, init.scale);
        break;
      case InitKind::kNormal:
        normal(weight, size, init.scale);
        normal(bias, bias_size, init.scale);
        break;
      case InitKind::kPytorch:
        uniform(weight, size, 1 / std::sqrt(fan.in));
        uniform(bias, bias_size, 1 / std::sqrt(fan.in));
        break;
      case InitKind::kXavier:
        uniform(weight, size, std::sqrt(6 / (fan.in + fan.out)));
        break;
      case InitKind::kKaiming:
        normal(weight, size, std::sqrt(2 / fan.in));
        break;
    }
  }
  return weights;
}

}  // namespace medpfl
