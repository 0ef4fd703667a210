#include <string>

#include "models/network_builder.hpp"
#include "models/rows.hpp"

namespace medpfl {
namespace {

// One convolution, its norm and activation.
void stage(NetworkBuilder* net, int64_t* index, int64_t channels, const OptionValues& own) {
  const std::string number = std::to_string((*index)++);
  net->named("conv" + number).convolution(channels, 3, 1, 1);
  net->named("bn" + number).norm(own).activation();
}

Model build_convnet(const OptionValues& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  const int64_t width = own.integer("width");
  int64_t index = 0;
  for (const int64_t factor : {1, 2, 2, 4, 4, 4}) stage(&net, &index, factor * width, own);
  net.max_pool(3);
  for (int64_t i = 0; i < own.integer("tail"); ++i) stage(&net, &index, 4 * width, own);
  return net.max_pool(3).named("linear").build("convnet");
}

Model build_small(const OptionValues& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  int64_t width = own.integer("width");
  for (int64_t i = 0; i < own.integer("blocks"); ++i) {
    net.convolution(width, 3, 1, 1).norm(own).activation().max_pool(2);
    if (i == 0) width *= 2;
  }
  return net.build("convnet-small");
}

}  // namespace

RegistryEntry<ModelFactory> convnet() {
  std::vector<OptionSpec> options = norm_options("batch", true);
  options.push_back(integer_option("width", 64, "channels of the first convolution").at_least(1));
  options.push_back(integer_option("tail", 2, "convolutions between the two poolings").at_least(0));
  return {
      "convnet", "8 convolutions of 3 px, widths 1,2,2,4,4,4, pooling of 3 px, 4,4, pooling; ReLU",
      "Geiping et al., NeurIPS 2020, arXiv 2003.14053, as in their code", options, build_convnet};
}

RegistryEntry<ModelFactory> convnet_small() {
  std::vector<OptionSpec> options = norm_options("group", true);
  options.push_back(
      integer_option("width", 32, "channels of the first block, doubled once").at_least(1));
  options.push_back(integer_option("blocks", 3, "blocks; each halves the image").at_least(1));
  return {"convnet-small", "blocks of 3 px convolution, norm, ReLU, 2 px max pooling; then dense",
          "GroupNorm: Wu & He, ECCV 2018, arXiv 1803.08494", options, build_small};
}

}  // namespace medpfl
