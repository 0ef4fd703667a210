// Residual networks of basic blocks; tensors are named as in torchvision.
#include <fmt/format.h>

#include "models/network_builder.hpp"
#include "models/rows.hpp"

namespace medpfl {
namespace {

constexpr int64_t kLargeImage = 128;  // px a side from which stem=auto is that of ImageNet

// Two 3 px convolutions; the shortcut changes shape by a 1 px convolution, or without parameters.
void block(NetworkBuilder* net, const std::string& name, int64_t channels, int64_t stride,
           bool projection, const OptionValues& own) {
  const bool same_shape = stride == 1 && net->shape().channels == channels;
  net->keep().named(name + ".conv1").convolution(channels, 3, stride, 1, false);
  net->named(name + ".bn1").norm(own).activation();
  net->named(name + ".conv2").convolution(channels, 3, 1, 1, false);
  net->named(name + ".bn2").norm(own);
  if (!same_shape && projection) {
    net->shortcut().named(name + ".downsample.0").convolution(channels, 1, stride, 0, false);
    net->named(name + ".downsample.1").norm(own);
  } else if (!same_shape) {
    net->shortcut().subsample(channels, stride);
  }
  net->add().activation();
}

// Stages of `blocks` blocks; each but the first halves the image and doubles the channels.
void stages(NetworkBuilder* net, int64_t count, int64_t blocks, bool projection,
            const OptionValues& own) {
  for (int64_t s = 0; s < count; ++s)
    for (int64_t b = 0; b < blocks; ++b)
      block(net, fmt::format("layer{}.{}", s + 1, b), own.integer("width") << s,
            s > 0 && b == 0 ? 2 : 1, projection, own);
}

Model build_resnet18(const OptionValues& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  const std::string& stem = own.text("stem");
  const bool large = stem == "7x7" || (stem == "auto" && request.input.height >= kLargeImage);
  net.named("conv1").convolution(own.integer("width"), large ? 7 : 3, large ? 2 : 1, large ? 3 : 1,
                                 false);
  net.named("bn1").norm(own).activation();
  if (large) net.max_pool(3, 2, 1);
  stages(&net, 4, 2, true, own);
  return net.average_pool().named("fc").build("resnet18");
}

Model build_resnet20(const OptionValues& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  net.named("conv1").convolution(own.integer("width"), 3, 1, 1, false);
  net.named("bn1").norm(own).activation();
  stages(&net, 3, 3, own.text("shortcut") == "projection", own);
  return net.average_pool().named("fc").build("resnet20");
}

}  // namespace

RegistryEntry<ModelFactory> resnet18() {
  std::vector<OptionSpec> options = norm_options("batch", false);
  options.push_back(
      integer_option("width", 64, "channels of the first stage, even").between(2, 1024));
  options.push_back(choice_option(
      "stem", "auto", {"auto", "3x3", "7x7"},
      "3x3: 3 px, stride 1; 7x7: 7 px, stride 2, pooling; auto: 7x7 from 128 px a side on"));
  return {"resnet18", "18 layers in 4 stages of 2 residual blocks, torchvision's layout; ReLU",
          "He et al., CVPR 2016, arXiv 1512.03385", options, build_resnet18};
}

RegistryEntry<ModelFactory> resnet20() {
  std::vector<OptionSpec> options = norm_options("batch", false);
  options.push_back(
      integer_option("width", 16, "channels of the first stage, even").between(2, 1024));
  options.push_back(choice_option("shortcut", "identity", {"identity", "projection"},
                                  "where shapes change: every other pixel and zero channels, or a "
                                  "1 px convolution"));
  return {"resnet20", "20 layers in 3 stages of 3 residual blocks, the CIFAR layout; ReLU",
          "He et al., CVPR 2016, arXiv 1512.03385", options, build_resnet20};
}

}  // namespace medpfl
