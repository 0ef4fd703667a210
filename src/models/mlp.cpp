#include "models/network_builder.hpp"

namespace medpfl {
namespace {

struct MlpOptions {
  int64_t hidden = 128, depth = 1;
};

Model build_mlp(const MlpOptions& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  for (int64_t i = 0; i < own.depth; ++i) net.dense(own.hidden).activation();
  return net.build("mlp");
}

}  // namespace

RegistryEntry<ModelFactory> mlp() {
  using O = Option<MlpOptions>;
  const OptionTable<MlpOptions> options = {
      O{"hidden", &MlpOptions::hidden, "units of each hidden layer"}.at_least(1),
      O{"depth", &MlpOptions::depth, "hidden layers"}.between(1, kMostLayers)};
  return {"mlp", "dense layers with biases; ReLU", "", options.specs(),
          with_options(options, build_mlp)};
}

}  // namespace medpfl
