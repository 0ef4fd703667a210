#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "data/pixels.hpp"

namespace medpfl {

/// The bytes of an image file, or the first of them.
using ImageBytes = std::vector<unsigned char>;

/// Why a file cannot be read as an image (what()), without its path, and what to do about it.
class UnreadableImage : public std::runtime_error {
 public:
  explicit UnreadableImage(const std::string& reason,
                           std::string advice = "replace or remove the file")
      : std::runtime_error(reason), advice_(std::move(advice)) {}
  const std::string& advice() const { return advice_; }

 private:
  std::string advice_;
};

/// Throws UnreadableImage where an image has no pixels, or more than kMaxImagePixels.
void check_image_size(int64_t width, int64_t height);

// Of each format: whether the bytes begin as such a file, what is wrong with its header, and the
// image. They throw UnreadableImage.

bool is_jpeg(const ImageBytes& bytes);
void check_jpeg_header(const ImageBytes& bytes);
/// Stray bytes between the parts of a JPEG file and an unknown JFIF revision are harmless, and are
/// noted in the image. Whatever else libjpeg warns of may have changed pixels, and is an error.
SourceImage decode_jpeg(const ImageBytes& bytes);

bool is_png(const ImageBytes& bytes);
void check_png_header(const ImageBytes& bytes);
/// Samples are taken as stored, whatever the file says of gamma and colors; alpha is dropped.
SourceImage decode_png(const ImageBytes& bytes);
/// Returns the white level of a PNG file from its first kPngDepthBytes bytes.
double peek_png_white(const ImageBytes& start);
inline constexpr size_t kPngDepthBytes = 25;

}  // namespace medpfl
