#pragma once
#include <cstdint>
#include <string>

#include "data/pixels.hpp"

namespace medpfl {

/// The largest side and the largest area, in pixels, of an image that is read.
constexpr int64_t kMaxImageSide = 65'000;
constexpr int64_t kMaxImagePixels = 512'000'000;

/// Reads a JPEG or PNG file, told apart by its first bytes; the image has 1 channel where it is
/// gray, else 3. PNG files of 16 bits give their stored levels, with white 65535; all others give
/// uint8. Alpha is dropped, palettes become RGB; EXIF rotation is not applied. Throws DataError
/// that names the file where it is missing, of another format, truncated, damaged, CMYK or too
/// large.
SourceImage read_image_file(const std::string& path);

/// Returns the white level that read_image_file will find, from the first bytes of the file alone;
/// 255 where these are no header of an image.
double peek_white(const std::string& path);

}  // namespace medpfl
