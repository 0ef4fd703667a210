#include "data/image_transform.hpp"

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/process.hpp"

namespace medpfl {
namespace {

constexpr double kGiB = 1 << 30;

at::Tensor luma(const at::Tensor& rgb) {
  return rgb.select(0, 0)
      .mul(0.299)
      .add_(rgb.select(0, 1), 0.587)
      .add_(rgb.select(0, 2), 0.114)
      .unsqueeze(0);
}

// Whether an image uses less than a quarter of the range from black to white: 14 bits and fewer in
// files of 16, say, or a uniform picture.
bool is_narrow(const at::Tensor& pixels) {
  const auto [low, high] = at::aminmax(pixels);
  const double used = high.item<double>() - low.item<double>();
  return used < (pixels.scalar_type() == at::kByte ? 64 : 0.25);
}

bool has_colors(const at::Tensor& pixels) {
  return pixels.size(0) == 3 && !(pixels.select(0, 0).equal(pixels.select(0, 1)) &&
                                  pixels.select(0, 0).equal(pixels.select(0, 2)));
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

at::Tensor empty_images(int64_t count, const DataRequest& request, const PixelFormat& format) {
  const int64_t channels = request.channels, size = request.image_size;
  const double bytes =
      static_cast<double>(channels * size * size * format.bytes()) * static_cast<double>(count);
  const auto memory = static_cast<double>(machine_memory_bytes());
  if (bytes > memory)
    throw DataError(fmt::format(
        "{} images of {} x {} x {} numbers take {:.0f} GiB, and this machine has {:.0f} GiB: lower "
        "data.image_size or data.limit, or run on more machines",
        count, channels, size, size, bytes / kGiB, memory / kGiB));
  return at::empty({count, channels, size, size}, format.type());
}

at::Tensor prepare_image(const SourceImage& image, const DataRequest& request,
                         const PixelFormat& format, ReadNotes* notes) {
  const at::Tensor pixels = in_format(image, request.window, format);
  if (notes != nullptr) {
    notes->narrow += is_narrow(pixels) ? 1 : 0;
    notes->colored += request.channels == 1 && has_colors(pixels) ? 1 : 0;
    notes->stray += image.stray_bytes ? 1 : 0;
  }
  return fit_image(pixels, request.channels, request.image_size);
}

}  // namespace medpfl
