// The sigmoid LeNets of the gradient-inversion papers. They differ in depth, width and strides.
#include <utility>

#include "models/network_builder.hpp"

namespace medpfl {
namespace {

struct LeNetShape {
  int64_t channels, kernel, padding;
  std::vector<int64_t> strides;
};

RegistryEntry<ModelFactory> lenet(std::string name, std::string summary, std::string paper,
                                  LeNetShape shape) {
  auto create = [name, shape = std::move(shape)](const OptionValues&, const ModelRequest& request) {
    NetworkBuilder net(request, Activation::kSigmoid);
    for (const int64_t stride : shape.strides)
      net.convolution(shape.channels, shape.kernel, stride, shape.padding).activation();
    return net.build(name);
  };
  return {std::move(name), std::move(summary), std::move(paper), {}, std::move(create)};
}

}  // namespace

RegistryEntry<ModelFactory> lenet_medpfl() {
  return lenet("lenet-medpfl", "4 convolutions of 12 channels, 5 px, strides 2,2,1,1; sigmoid",
               "Das, Amini, Wu, BIBM 2023, arXiv 2311.06643", {12, 5, 2, {2, 2, 1, 1}});
}

RegistryEntry<ModelFactory> lenet_dlg() {
  return lenet("lenet-dlg", "3 convolutions of 12 channels, 5 px, strides 2,2,1; sigmoid",
               "Zhu, Liu, Han, NeurIPS 2019, arXiv 1906.08935", {12, 5, 2, {2, 2, 1}});
}

RegistryEntry<ModelFactory> lenet_cpl() {
  return lenet("lenet-cpl", "6 convolutions of 16 channels, 2 px, stride 1, padding 2; sigmoid",
               "Wei et al., ESORICS 2020, arXiv 2004.10397", {16, 2, 2, {1, 1, 1, 1, 1, 1}});
}

}  // namespace medpfl
