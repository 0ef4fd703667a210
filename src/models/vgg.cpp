#include <fmt/format.h>

#include "models/network_builder.hpp"

namespace medpfl {
namespace {

constexpr int kPool = 0;

struct VggOptions {
  NormOptions norm = {NormKind::kNone, 8};
  int64_t width = 64, hidden = 0;
};

OptionTable<VggOptions> vgg_options() {
  using O = Option<VggOptions>;
  return OptionTable<VggOptions>()
      .add(&VggOptions::norm, norm_options(true))
      .add({O{"width", &VggOptions::width, "channels of the first convolution"}.at_least(1),
            O{"hidden", &VggOptions::hidden,
              "units of each of two hidden dense layers, 4096 in the paper; "
              "0: none, as usual at 32 px"}
                .at_least(0)});
}

// Named by their place among all layers, as in torchvision.
Model build_vgg11(const VggOptions& own, const ModelRequest& request) {
  NetworkBuilder net(request, Activation::kRelu);
  const bool norm = own.norm.kind != NormKind::kNone;
  int64_t place = 0;
  for (const int64_t factor : {1, kPool, 2, kPool, 4, 4, kPool, 8, 8, kPool, 8, 8, kPool}) {
    if (factor == kPool) {
      net.max_pool(2);
      ++place;
      continue;
    }
    net.named(fmt::format("features.{}", place)).convolution(factor * own.width, 3, 1, 1);
    net.named(fmt::format("features.{}", place + 1)).norm(own.norm).activation();
    place += norm ? 3 : 2;
  }
  const int64_t hidden = own.hidden;
  if (hidden == 0) return net.named("classifier").build("vgg11");
  net.named("classifier.0").dense(hidden).activation();
  net.named("classifier.3").dense(hidden).activation();
  return net.named("classifier.6").build("vgg11");
}

}  // namespace

RegistryEntry<ModelFactory> vgg11() {
  const OptionTable<VggOptions> options = vgg_options();
  return {"vgg11", "8 convolutions of 3 px, widths 1,2,4,4,8,8,8,8, 5 poolings; dense; ReLU",
          "Simonyan & Zisserman, ICLR 2015, arXiv 1409.1556", options.specs(),
          with_options(options, build_vgg11)};
}

}  // namespace medpfl
