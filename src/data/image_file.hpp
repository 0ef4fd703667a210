#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace medpfl {

/// Largest side and largest area of an image that is read, in pixels.
constexpr int64_t kMaxImageSide = 65'000;
constexpr int64_t kMaxImagePixels = 512'000'000;

/// Decodes a JPEG or PNG file, told apart by its first bytes: uint8 [C, H, W], C 1 for grey files,
/// else 3. Alpha is dropped, palettes become RGB, 16 bits become 8; EXIF rotation is not applied.
/// Throws DataError naming the file: missing, other format, truncated or damaged, CMYK, too large.
at::Tensor read_image_file(const std::string& path);

}  // namespace medpfl
