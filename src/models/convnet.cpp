#include <string>

#include "models/network_builder.hpp"

namespace medpfl {
namespace {

struct ConvnetOptions {
  NormOptions norm;
  int64_t width = 64, tail = 2;
};

OptionTable<ConvnetOptions> convnet_options() {
  using O = Option<ConvnetOptions>;
  return OptionTable<ConvnetOptions>()
      .add(&ConvnetOptions::norm, norm_options(true))
      .add({O{"width", &ConvnetOptions::width, "channels of the first convolution"}.at_least(1),
            O{"tail", &ConvnetOptions::tail, "convolutions between the two poolings"}.between(
                0, kMostLayers)});
}

struct SmallOptions {
  NormOptions norm = {NormKind::kGroup, 8};
  int64_t width = 32, blocks = 3;
};

OptionTable<SmallOptions> small_options() {
  using O = Option<SmallOptions>;
  return OptionTable<SmallOptions>()
      .add(&SmallOptions::norm, norm_options(true))
      .add({O{"width", &SmallOptions::width, "channels of the first block, doubled once"}.at_least(
                1),
            O{"blocks", &SmallOptions::blocks, "blocks; each halves the image"}.at_least(1)});
}

// One convolution, its norm and activation.
void stage(NetworkBuilder* net, int64_t* index, int64_t channels, const NormOptions& norm) {
  const std::string number = std::to_string((*index)++);
  net->named("conv" + number).convolution(channels, 3, 1, 1);
  net->named("bn" + number).norm(norm).activation();
}

Model build_convnet(const ConvnetOptions& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  const int64_t width = own.width;
  int64_t index = 0;
  for (const int64_t factor : {1, 2, 2, 4, 4, 4}) stage(&net, &index, factor * width, own.norm);
  net.max_pool(3);
  for (int64_t i = 0; i < own.tail; ++i) stage(&net, &index, 4 * width, own.norm);
  return net.max_pool(3).named("linear").build("convnet");
}

Model build_small(const SmallOptions& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  int64_t width = own.width;
  for (int64_t i = 0; i < own.blocks; ++i) {
    net.convolution(width, 3, 1, 1).norm(own.norm).activation().max_pool(2);
    if (i == 0) width *= 2;
  }
  return net.build("convnet-small");
}

}  // namespace

RegistryEntry<ModelFactory> convnet() {
  const OptionTable<ConvnetOptions> options = convnet_options();
  return {"convnet",
          "8 convolutions of 3 px, widths 1,2,2,4,4,4, pooling of 3 px, 4,4, pooling; ReLU",
          "Geiping et al., NeurIPS 2020, arXiv 2003.14053, as in their code", options.specs(),
          with_options(options, build_convnet)};
}

RegistryEntry<ModelFactory> convnet_small() {
  const OptionTable<SmallOptions> options = small_options();
  return {"convnet-small", "blocks of 3 px convolution, norm, ReLU, 2 px max pooling; then dense",
          "GroupNorm: Wu & He, ECCV 2018, arXiv 1803.08494", options.specs(),
          with_options(options, build_small)};
}

}  // namespace medpfl
