#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "data/dataset.hpp"
#include "data/pixels.hpp"

namespace medpfl {

/// The largest side and the largest area, in pixels, of an image that is read.
constexpr int64_t kMaxImageSide = 65'000;
constexpr int64_t kMaxImagePixels = 512'000'000;

/// Reads a JPEG or PNG file, told apart by its first bytes; the image has 1 channel where it is
/// gray, else 3. PNG files of 16 bits give their stored levels, with white 65535, or less where
/// sBIT says so; all others give uint8. Samples are taken as stored: alpha is dropped, palettes
/// become RGB, and gamma, color profiles and EXIF rotation are not applied. Throws DataError that
/// names the file where it is missing, of another format, truncated, damaged, CMYK or too large.
SourceImage read_image_file(const std::string& path);

/// Returns what read_image_file() would throw, and nothing where the image can be read. kHeader
/// reads the whole file only where its two ends look wrong.
std::optional<ImageFault> find_image_fault(const std::string& path, Look look);

/// Returns the white level that a file's first bytes promise; 255 where these are no header of an
/// image.
double peek_white(const std::string& path);

}  // namespace medpfl
