#include "models/network_builder.hpp"
#include "models/rows.hpp"

namespace medpfl {

RegistryEntry<ModelFactory> mlp() {
  return {"mlp",
          "dense layers with biases; ReLU",
          "",
          {integer_option("hidden", 128, "units of each hidden layer").at_least(1),
           integer_option("depth", 1, "hidden layers").at_least(1)},
          [](const OptionValues& own, const ModelRequest& request) {
            NetworkBuilder net(request, Activation::kRelu);
            for (int64_t i = 0; i < own.integer("depth"); ++i)
              net.dense(own.integer("hidden")).activation();
            return net.build("mlp");
          }};
}

}  // namespace medpfl
