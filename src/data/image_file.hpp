#pragma once
#include <cstdint>
#include <string>

#include "data/pixels.hpp"

namespace medpfl {

/// Largest side and largest area of an image that is read, in pixels.
constexpr int64_t kMaxImageSide = 65'000;
constexpr int64_t kMaxImagePixels = 512'000'000;

/// Decodes a JPEG or PNG file, told apart by its first bytes; 1 channel where it is grey, else 3.
/// PNG files of 16 bits have their stored levels, with white 65535; all others are uint8. Alpha is
/// dropped, palettes become RGB; EXIF rotation is not applied. Throws DataError naming the file:
/// missing, other format, truncated or damaged, CMYK, too large.
SourceImage read_image_file(const std::string& path);

/// The white that read_image_file will find, from the first bytes of the file alone; that of 8 bits
/// where they are no header of an image.
double peek_white(const std::string& path);

}  // namespace medpfl
