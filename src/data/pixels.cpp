#include "data/pixels.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

bool parse_real(const std::string& word, double* out) {
  const char* last = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), last, *out);
  return parsed.ec == std::errc() && parsed.ptr == last && std::isfinite(*out);
}

}  // namespace

std::optional<Window> parse_window(const std::string& text) {
  if (text == "auto") return {};
  const std::vector<std::string> words = split_list(text);
  Window window;
  if (words.size() != 2 || !parse_real(words[0], &window.low) ||
      !parse_real(words[1], &window.high) || !(window.low < window.high) ||
      !std::isfinite(window.high - window.low))
    throw ConfigError(
        fmt::format("data.window={} must be auto, or two levels, the lower first: 0,4095", text));
  return window;
}

PixelFormat pixel_format(const std::optional<Window>& asked, double white) {
  return {asked || white != Window().high, asked.value_or(Window{0, white})};
}

void check_public_depth(const PixelFormat& format, double white, const std::string& path) {
  if (!format.deep && white != Window().high)
    throw DataError(
        fmt::format("the public images in '{}' have more than 8 bits, and those of data.path have "
                    "8: give all one depth, or set data.window",
                    path));
}

at::Tensor in_format(const SourceImage& image, const std::optional<Window>& asked,
                     const PixelFormat& format) {
  if (!format.deep) {
    if (image.levels.scalar_type() != at::kByte)
      throw DataError("it has more than 8 bits, unlike all images when the data set was scanned");
    return image.levels;
  }
  const Window window = asked.value_or(Window{0, image.white});
  return image.levels.to(at::kDouble)
      .sub(window.low)
      .div_(window.high - window.low)
      .clamp_(0, 1)
      .to(at::kFloat);
}

at::Tensor to_unit_range(const at::Tensor& images) {
  if (images.scalar_type() == at::kFloat) return images;
  if (images.scalar_type() != at::kByte)
    throw Error(ExitCode::kInternal,
                fmt::format("to_unit_range: images are {}, neither uint8 nor float32",
                            at::toString(images.scalar_type())));
  return images.to(at::kFloat).div_(255.0);
}

}  // namespace medpfl
