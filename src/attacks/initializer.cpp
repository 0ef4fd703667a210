#include "attacks/initializer.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "core/error.hpp"

namespace medpfl {

std::vector<std::string> initializer_names() { return {"normal", "uniform", "grey"}; }

at::Tensor initial_images(const std::string& name, const std::vector<int64_t>& shape,
                          RandomStream* random) {
  at::Tensor images = at::empty(shape, at::kFloat);
  float* out = images.data_ptr<float>();
  const int64_t n = images.numel();
  if (name == "normal") {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(random->normal());
  } else if (name == "uniform") {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(random->uniform());
  } else if (name == "grey") {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(0.5 + 0.1 * random->normal());
  } else {
    throw ConfigError(fmt::format("unknown initializer '{}'", name));
  }
  return images;
}

}  // namespace medpfl
