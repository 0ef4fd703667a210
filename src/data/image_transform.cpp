#include "data/image_transform.hpp"

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <fmt/format.h>

#include "core/error.hpp"

namespace medpfl {
namespace {

at::Tensor luma(const at::Tensor& rgb) {
  return rgb.select(0, 0)
      .mul(0.299)
      .add_(rgb.select(0, 1), 0.587)
      .add_(rgb.select(0, 2), 0.114)
      .unsqueeze(0);
}

}  // namespace

at::Tensor fit_image(const at::Tensor& image, int64_t channels, int64_t size) {
  const at::ScalarType type = image.scalar_type();
  if (image.dim() != 3 || (type != at::kByte && type != at::kFloat) ||
      (image.size(0) != 1 && image.size(0) != 3) || image.numel() == 0)
    throw Error(ExitCode::kInternal,
                "fit_image: the image must be uint8 or float32 [1 or 3, H, W]");
  if ((channels != 1 && channels != 3) || size < 1)
    throw ConfigError(
        fmt::format("images of {} channels and {} pixels a side cannot be made; channels must be 1 "
                    "or 3, the size at least 1",
                    channels, size));
  const bool levels = type == at::kByte;
  at::Tensor pixels = image;
  if (image.size(0) == 3 && channels == 1) {
    pixels = luma(image.to(at::kFloat));
    if (levels) pixels.round_();  // to gray levels before the resize, as Pillow does
  }
  if (image.size(1) != size || image.size(2) != size) {
    pixels = at::_upsample_bilinear2d_aa(pixels.to(at::kFloat).unsqueeze(0).contiguous(),
                                         {size, size}, /*align_corners=*/false)
                 .squeeze(0);
    if (levels) pixels.round_();
    pixels.clamp_(0, levels ? 255 : 1);
  }
  return pixels.to(type).expand({channels, size, size}).contiguous();
}

}  // namespace medpfl
