#include "models/bottleneck.hpp"

#include <ATen/ops/empty.h>

namespace medpfl {

at::Tensor through_bottleneck(const at::Tensor& x, BottleneckPass* pass) {
  const int64_t width = x.size(1) / 2;
  const at::Tensor mean = x.narrow(1, 0, width), log_variance = x.narrow(1, width, width);
  if (pass == nullptr) return mean;
  pass->divergence =
      log_variance.exp().add(mean.square()).sub(log_variance).sub(1).sum(1).mean().div(2);
  if (!pass->noise.defined()) return mean;
  return mean.add(log_variance.div(2).exp().mul(pass->noise.to(x.options())));
}

at::Tensor with_divergence(const at::Tensor& cross_entropy, const Bottleneck& bottleneck,
                           const BottleneckPass& pass) {
  if (!pass.divergence.defined()) return cross_entropy;
  return cross_entropy.add(pass.divergence, bottleneck.weight);
}

at::Tensor bottleneck_noise(const Bottleneck& bottleneck, int64_t batch, const StreamKey& key) {
  if (bottleneck.width == 0) return {};
  at::Tensor noise = at::empty({batch, bottleneck.width}, at::kFloat);
  RandomStream random(key);
  float* values = noise.data_ptr<float>();
  for (int64_t i = 0; i < noise.numel(); ++i) values[i] = static_cast<float>(random.normal());
  return noise;
}

}  // namespace medpfl
