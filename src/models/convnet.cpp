#include <numeric>

#include "models/families.hpp"
#include "models/network_builder.hpp"

namespace medpfl {

RegistryEntry<ModelFactory> convnet() {
  return {"convnet",
          "blocks of 3 px convolution, GroupNorm, ReLU, 2 px max pooling; then dense",
          "GroupNorm: Wu & He, ECCV 2018, arXiv 1803.08494",
          {integer_option("width", 32, "channels of the first block, doubled once").at_least(1),
           integer_option("blocks", 3, "blocks; each halves the image").at_least(1),
           integer_option("groups", 8, "groups of the normalization, at most").at_least(1)},
          [](const OptionValues& own, const ModelRequest& request) {
            NetworkBuilder net(request, Activation::kRelu);
            int64_t width = own.integer("width");
            for (int64_t i = 0; i < own.integer("blocks"); ++i) {
              const int64_t groups = std::gcd(width, own.integer("groups"));
              net.convolution(width, 3, 1, 1).group_norm(groups).activation().max_pool(2);
              if (i == 0) width *= 2;
            }
            return net.build("convnet");
          }};
}

}  // namespace medpfl
