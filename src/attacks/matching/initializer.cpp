#include "attacks/matching/initializer.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "core/error.hpp"

namespace medpfl {
namespace {

// A pattern of at most `side` pixels a side, drawn for each plane and repeated over it.
at::Tensor tiles(const std::vector<int64_t>& shape, int64_t rows, int64_t columns,
                 const std::function<double()>& draw) {
  at::Tensor images = at::empty(shape, at::kFloat);
  float* out = images.data_ptr<float>();
  std::vector<float> pattern(static_cast<size_t>(rows * columns));
  for (int64_t plane = 0; plane < shape[0] * shape[1]; ++plane) {
    std::generate(pattern.begin(), pattern.end(), [&] { return static_cast<float>(draw()); });
    for (int64_t y = 0; y < shape[2]; ++y)
      for (int64_t x = 0; x < shape[3]; ++x)
        *out++ = pattern[static_cast<size_t>(y % rows * columns + x % columns)];
  }
  return images;
}

at::Tensor surrogate(const std::vector<int64_t>& shape, const at::Tensor& public_mean) {
  const at::Tensor image =
      public_mean.size(0) == shape[1] ? public_mean : public_mean.mean(0, true);
  return image.unsqueeze(0).expand(shape).contiguous();
}

}  // namespace

std::vector<std::string> initializer_names() {
  return {"normal", "uniform", "grey", "tile", "tile-4", "colour", "dark", "light", "surrogate"};
}

at::Tensor initial_images(const std::string& name, const std::vector<int64_t>& shape,
                          const at::Tensor& public_mean, RandomStream* random) {
  const auto normal = [random] { return random->normal(); };
  const auto uniform = [random] { return random->uniform(); };
  const int64_t height = shape[2], width = shape[3];
  if (name == "normal") return tiles(shape, height, width, normal);
  if (name == "uniform") return tiles(shape, height, width, uniform);
  if (name == "grey")
    return tiles(shape, height, width, [random] { return 0.5 + 0.1 * random->normal(); });
  if (name == "tile") return tiles(shape, (height + 1) / 2, (width + 1) / 2, uniform);
  if (name == "tile-4") return tiles(shape, 4, 4, normal);
  if (name == "colour") return tiles(shape, 1, 1, uniform);
  if (name == "dark") return at::full(shape, 0, at::kFloat);
  if (name == "light") return at::full(shape, 1, at::kFloat);
  if (name == "surrogate") return surrogate(shape, public_mean);
  throw ConfigError(fmt::format("unknown initializer '{}'", name));
}

}  // namespace medpfl
