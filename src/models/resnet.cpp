// Residual networks of basic blocks; tensors are named as in torchvision.
#include <fmt/format.h>

#include "models/network_builder.hpp"

namespace medpfl {
namespace {

constexpr int64_t kLargeImage = 128;  // px a side from which stem=auto is that of ImageNet

enum class Stem { kSmall, kLarge };

const Words<Stem>& words_of(Stem) {
  static const Words<Stem> words = {{Stem::kSmall, "3x3"}, {Stem::kLarge, "7x7"}};
  return words;
}

struct Resnet18Options {
  NormOptions norm;
  int64_t width = 64;
  std::optional<Stem> stem;  // none: by the size of images
};

OptionTable<Resnet18Options> resnet18_options() {
  using O = Option<Resnet18Options>;
  return OptionTable<Resnet18Options>()
      .add(&Resnet18Options::norm, norm_options(false))
      .add(
          {O{"width", &Resnet18Options::width, "channels of the first stage, even"}.between(2,
                                                                                            1024),
           {"stem", &Resnet18Options::stem,
            "3x3: 3 px, stride 1; 7x7: 7 px, stride 2, pooling; auto: 7x7 from 128 px a side on"}});
}

struct Resnet20Options {
  NormOptions norm;
  int64_t width = 16;
  bool projection = false;
};

OptionTable<Resnet20Options> resnet20_options() {
  using O = Option<Resnet20Options>;
  return OptionTable<Resnet20Options>()
      .add(&Resnet20Options::norm, norm_options(false))
      .add({O{"width", &Resnet20Options::width, "channels of the first stage, even"}.between(2,
                                                                                             1024),
            O{"shortcut", &Resnet20Options::projection,
              "where shapes change: every other pixel and zero channels, or a 1 px convolution"}
                .named("identity", "projection")});
}

// Two 3 px convolutions; the shortcut changes shape by a 1 px convolution, or without parameters.
void block(NetworkBuilder* net, const std::string& name, int64_t channels, int64_t stride,
           bool projection, const NormOptions& norm) {
  const bool same_shape = stride == 1 && net->shape().channels == channels;
  net->keep().named(name + ".conv1").convolution(channels, 3, stride, 1, false);
  net->named(name + ".bn1").norm(norm).activation();
  net->named(name + ".conv2").convolution(channels, 3, 1, 1, false);
  net->named(name + ".bn2").norm(norm);
  if (!same_shape && projection) {
    net->shortcut().named(name + ".downsample.0").convolution(channels, 1, stride, 0, false);
    net->named(name + ".downsample.1").norm(norm);
  } else if (!same_shape) {
    net->shortcut().subsample(channels, stride);
  }
  net->add().activation();
}

// Stages of `blocks` blocks; each but the first halves the image and doubles the channels.
void stages(NetworkBuilder* net, int64_t count, int64_t blocks, int64_t width, bool projection,
            const NormOptions& norm) {
  for (int64_t s = 0; s < count; ++s)
    for (int64_t b = 0; b < blocks; ++b)
      block(net, fmt::format("layer{}.{}", s + 1, b), width << s, s > 0 && b == 0 ? 2 : 1,
            projection, norm);
}

Model build_resnet18(const Resnet18Options& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  const Stem by_size = request.input.height >= kLargeImage ? Stem::kLarge : Stem::kSmall;
  const bool large = own.stem.value_or(by_size) == Stem::kLarge;
  net.named("conv1").convolution(own.width, large ? 7 : 3, large ? 2 : 1, large ? 3 : 1, false);
  net.named("bn1").norm(own.norm).activation();
  if (large) net.max_pool(3, 2, 1);
  stages(&net, 4, 2, own.width, true, own.norm);
  return net.average_pool().named("fc").build("resnet18");
}

Model build_resnet20(const Resnet20Options& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  net.named("conv1").convolution(own.width, 3, 1, 1, false);
  net.named("bn1").norm(own.norm).activation();
  stages(&net, 3, 3, own.width, own.projection, own.norm);
  return net.average_pool().named("fc").build("resnet20");
}

}  // namespace

RegistryEntry<ModelFactory> resnet18() {
  const OptionTable<Resnet18Options> options = resnet18_options();
  return {"resnet18", "18 layers in 4 stages of 2 residual blocks, torchvision's layout; ReLU",
          "He et al., CVPR 2016, arXiv 1512.03385", options.specs(),
          with_options(options, build_resnet18)};
}

RegistryEntry<ModelFactory> resnet20() {
  const OptionTable<Resnet20Options> options = resnet20_options();
  return {"resnet20", "20 layers in 3 stages of 3 residual blocks, the CIFAR layout; ReLU",
          "He et al., CVPR 2016, arXiv 1512.03385", options.specs(),
          with_options(options, build_resnet20)};
}

}  // namespace medpfl
