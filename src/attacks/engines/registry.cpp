#include <fmt/format.h>

#include "attacks/engines/matching_engine.hpp"
#include "core/error.hpp"

namespace medpfl {

std::vector<std::string> engine_names() { return {"auto", "exact", "pearlmutter", "native"}; }

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

std::string choose_engine(const std::string& word, const Model& model) {
  if (word == "auto") return native_applies(model) ? "native" : "exact";
  if (word == "native" && !native_applies(model))
    throw ConfigError(fmt::format(
        "attack.engine=native does not know all layers of model '{}', or run.device is not cpu: it "
        "computes sequences of convolution, dense, normalization by groups, activation and max "
        "pooling on the CPU; use attack.engine=auto",
        model.name()));
  if (word != "native" && word != "exact" && word != "pearlmutter")
    throw ConfigError(fmt::format("unknown engine '{}'", word));
  return word;
}

std::unique_ptr<MatchingEngine> make_update_engine(UpdateRule update, const std::string& engine,
                                                   const Model& model,
                                                   const Observation& observation,
                                                   const GradientDistance& objective) {
  if (update == UpdateRule::kUnroll) return make_unroll_engine(model, observation, objective);
  if (update == UpdateRule::kSme) return make_sme_engine(model, observation, objective);
  return make_engine(engine, model, observation, objective);
}

std::unique_ptr<MatchingEngine> make_engine(const std::string& word, const Model& model,
                                            const Observation& observation,
                                            const GradientDistance& objective) {
  const std::string name = choose_engine(word, model);
  if (name == "native") return make_native_engine(model, observation, objective);
  if (name == "pearlmutter") return make_pearlmutter_engine(model, observation, objective);
  return make_exact_engine(model, observation, objective);
}

}  // namespace medpfl
