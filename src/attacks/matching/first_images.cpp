#include "attacks/matching/first_images.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <functional>

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

const Words<FirstImages>& words_of(FirstImages) {
  using F = FirstImages;
  static const Words<F> words = {
      {F::kNormal, "normal"}, {F::kUniform, "uniform"}, {F::kGrey, "grey"},
      {F::kTile, "tile"},     {F::kTile4, "tile-4"},    {F::kColour, "colour"},
      {F::kDark, "dark"},     {F::kLight, "light"},     {F::kSurrogate, "surrogate"}};
  return words;
}

at::Tensor initial_images(FirstImages kind, const std::vector<int64_t>& shape,
                          const at::Tensor& public_mean, RandomStream* random) {
  const auto normal = [random] { return random->normal(); };
  const auto uniform = [random] { return random->uniform(); };
  const int64_t height = shape[2], width = shape[3];
  switch (kind) {
    case FirstImages::kNormal:
      break;
    case FirstImages::kUniform:
      return tiles(shape, height, width, uniform);
    case FirstImages::kGrey:
      return tiles(shape, height, width, [random] { return 0.5 + 0.1 * random->normal(); });
    case FirstImages::kTile:
      return tiles(shape, (height + 1) / 2, (width + 1) / 2, uniform);
    case FirstImages::kTile4:
      return tiles(shape, 4, 4, normal);
    case FirstImages::kColour:
      return tiles(shape, 1, 1, uniform);
    case FirstImages::kDark:
      return at::full(shape, 0, at::kFloat);
    case FirstImages::kLight:
      return at::full(shape, 1, at::kFloat);
    case FirstImages::kSurrogate:
      return surrogate(shape, public_mean);
  }
  return tiles(shape, height, width, normal);
}

}  // namespace medpfl
