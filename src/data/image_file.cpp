#include "data/image_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/file_faults.hpp"
#include "data/image_bytes.hpp"

namespace medpfl {
namespace {

// Of a file whose header alone is wanted: headers with profiles and previews fit in mostly.
constexpr std::streamoff kHeaderBytes = 64 * 1024;

std::ifstream open_image(const std::string& path, std::streamoff* size) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw UnreadableImage("it is a folder", "name a file");
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw UnreadableImage(why_unreadable(path), "check the path and its permissions");
  *size = file.tellg();
  if (*size <= 0) throw UnreadableImage("the file is empty");
  return file;
}

ImageBytes read_bytes(std::ifstream* file, std::streamoff first, std::streamoff count) {
  ImageBytes bytes(static_cast<size_t>(count));
  file->seekg(first);
  file->read(reinterpret_cast<char*>(bytes.data()), count);
  if (file->gcount() != count) throw UnreadableImage("the file could not be read to its end");
  return bytes;
}

SourceImage decode(const std::string& path) {
  std::streamoff size = 0;
  std::ifstream file = open_image(path, &size);
  const ImageBytes bytes = read_bytes(&file, 0, size);
  if (is_jpeg(bytes)) return decode_jpeg(bytes);
  if (is_png(bytes)) return decode_png(bytes);
  if (is_git_lfs_pointer({reinterpret_cast<const char*>(bytes.data()), bytes.size()}))
    throw UnreadableImage("it is a pointer of Git LFS", "git lfs pull fetches the file");
  throw UnreadableImage("its first bytes are those of neither a JPEG nor a PNG file");
}

bool ends_with(const ImageBytes& bytes, std::initializer_list<unsigned char> end) {
  return bytes.size() >= end.size() && std::equal(end.begin(), end.end(), bytes.end() - end.size());
}

// Whether a file begins with a header that can be read, and ends as files of its format do.
bool has_sound_ends(const std::string& path) {
  std::streamoff size = 0;
  std::ifstream file = open_image(path, &size);
  const ImageBytes start = read_bytes(&file, 0, std::min(size, kHeaderBytes));
  const ImageBytes end = read_bytes(&file, size - std::min<std::streamoff>(size, 8),
                                    std::min<std::streamoff>(size, 8));
  try {
    if (is_jpeg(start)) {
      check_jpeg_header(start);
      return ends_with(end, {0xff, 0xd9});
    }
    if (!is_png(start)) return false;
    check_png_header(start);
    return ends_with(end, {'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82});
  } catch (const UnreadableImage&) {
    return false;
  }
}

std::string message(const std::string& path, const UnreadableImage& error) {
  return fmt::format("cannot read image '{}': {}; {}", path, error.what(), error.advice());
}

}  // namespace

void check_image_size(int64_t width, int64_t height) {
  if (width < 1 || height < 1 || width > kMaxImageSide || height > kMaxImageSide ||
      width * height > kMaxImagePixels)
    throw UnreadableImage(
        fmt::format("it has {} x {} pixels, the largest allowed are {} a side and {} in all", width,
                    height, kMaxImageSide, kMaxImagePixels),
        "make it smaller");
}

SourceImage read_image_file(const std::string& path) {
  try {
    return decode(path);
  } catch (const UnreadableImage& error) {
    throw DataError(message(path, error));
  }
}

std::optional<ImageFault> find_image_fault(const std::string& path, Look look) {
  try {
    if (look == Look::kPixels || !has_sound_ends(path)) decode(path);
    return {};
  } catch (const UnreadableImage& error) {
    return ImageFault{0, error.what(), message(path, error)};
  }
}

double peek_white(const std::string& path) {
  ImageBytes start(kPngDepthBytes, 0);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(start.data()), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<size_t>(file.gcount()));
  return is_png(start) ? peek_png_white(start) : SourceImage().white;
}

}  // namespace medpfl
