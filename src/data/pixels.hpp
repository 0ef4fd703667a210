#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>

namespace medpfl {

/// The levels of a source that become 0 and 1; lower and higher levels become 0 and 1 too.
struct Window {
  double low = 0, high = 255;
};

/// Returns the window that a text means: "auto" (none), or "LOW,HIGH", two finite numbers, the
/// second above the first. Throws ConfigError on anything else.
std::optional<Window> parse_window(const std::string& text);

/// How the pixels of a data set are stored, the same for all its images. Pixels of 8-bit sources
/// stay uint8; deeper ones, and those seen through a window that was asked for, are float32.
struct PixelFormat {
  bool deep = false;  ///< whether pixels are float32 in [0, 1]; else uint8, 0 to 255
  Window window;      ///< the levels of the source that are 0 and 1

  int64_t bytes() const { return deep ? 4 : 1; }  ///< bytes of a pixel
  at::ScalarType type() const { return deep ? at::kFloat : at::kByte; }
  const char* unit() const { return deep ? "0 to 1" : "0 to 255"; }
};

/// Returns the format of a data set whose images have the levels 0 ... `white` (255: 8 bits), seen
/// through the window that was `asked` for, if any.
PixelFormat pixel_format(const std::optional<Window>& asked, double white);

/// Throws DataError where public images at `path`, whose levels are 0 ... `white`, are deeper than
/// the format of their data set, which they do not decide.
void check_public_depth(const PixelFormat& format, double white, const std::string& path);

/// One image as its source stores it.
struct SourceImage {
  at::Tensor levels;         ///< uint8, or float64 where the source is deeper: [C, H, W], C 1 or 3
  double white = 255;        ///< the level of full intensity where no window says another
  bool stray_bytes = false;  ///< whether its file has bytes that belong to nothing, not to pixels
};

/// Returns an image in the `format` of its data set: the levels of the window that was `asked` for,
/// or else 0 to the image's own white, become 0 to 1. uint8 stays as it is where the format is
/// uint8. Throws DataError where the image is deeper than the format.
at::Tensor in_format(const SourceImage& image, const std::optional<Window>& asked,
                     const PixelFormat& format);

/// Returns pixels of either format and any shape as float32 in [0, 1]; pixels that already are
/// float32 are returned without a copy.
at::Tensor to_unit_range(const at::Tensor& images);

/// Calls `step` with a zero of the C++ type of pixels of this format.
template <class Step>
void with_pixel_type(const PixelFormat& format, Step step) {
  if (format.deep)
    step(float{0});
  else
    step(uint8_t{0});
}

}  // namespace medpfl
