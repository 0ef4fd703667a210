#include <fmt/format.h>

#include "attacks/engines/matching_engine.hpp"
#include "core/error.hpp"

namespace medpfl {

const Words<EngineKind>& words_of(EngineKind) {
  using K = EngineKind;
  static const Words<K> words = {
      {K::kExact, "exact"}, {K::kPearlmutter, "pearlmutter"}, {K::kNative, "native"}};
  return words;
}

bool native_applies(const Model& model) {
  if (model.device() != at::Device(at::kCPU)) return false;
  for (const Layer& layer : model.layers()) {
    switch (layer.kind) {
      case Layer::Kind::kConvolution:
      case Layer::Kind::kGroupNorm:
      case Layer::Kind::kActivation:
      case Layer::Kind::kFlatten:
      case Layer::Kind::kDense:
      case Layer::Kind::kNormalize:
        break;
      case Layer::Kind::kMaxPool:
        if (layer.padding != 0) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

EngineKind choose_engine(std::optional<EngineKind> asked, const Model& model) {
  if (!asked) return native_applies(model) ? EngineKind::kNative : EngineKind::kExact;
  if (asked == EngineKind::kNative && !native_applies(model))
    throw ConfigError(fmt::format(
        "attack.engine=native does not know all layers of model '{}', or run.device is not cpu: it "
        "computes sequences of convolution, dense, normalization by groups, activation and max "
        "pooling on the CPU; use attack.engine=auto",
        model.name()));
  return *asked;
}

std::unique_ptr<MatchingEngine> make_update_engine(UpdateRule update,
                                                   std::optional<EngineKind> asked,
                                                   const Model& model,
                                                   const Observation& observation,
                                                   const GradientDistance& objective) {
  if (update == UpdateRule::kUnroll) return make_unroll_engine(model, observation, objective);
  if (update == UpdateRule::kSme) return make_sme_engine(model, observation, objective);
  return make_engine(choose_engine(asked, model), model, observation, objective);
}

std::unique_ptr<MatchingEngine> make_engine(EngineKind kind, const Model& model,
                                            const Observation& observation,
                                            const GradientDistance& objective) {
  switch (kind) {
    case EngineKind::kNative:
      return make_native_engine(model, observation, objective);
    case EngineKind::kPearlmutter:
      return make_pearlmutter_engine(model, observation, objective);
    case EngineKind::kExact:
      break;
  }
  return make_exact_engine(model, observation, objective);
}

}  // namespace medpfl
