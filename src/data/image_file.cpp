#include "data/image_file.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>
#include <png.h>
#include <turbojpeg.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <type_traits>
#include <vector>

#include "core/error.hpp"
#include "data/png_levels.hpp"

namespace medpfl {
namespace {

using Bytes = std::vector<unsigned char>;

constexpr double kWhite16 = 65535;

[[noreturn]] void fail(const std::string& path, const std::string& reason,
                       const std::string& advice = "replace or remove the file") {
  throw DataError(fmt::format("cannot read image '{}': {}; {}", path, reason, advice));
}

Bytes read_bytes(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) fail(path, "it is a folder", "name a file");
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) fail(path, std::strerror(errno), "check the path and its permissions");
  const std::streamoff size = file.tellg();
  if (size <= 0) fail(path, "the file is empty");
  Bytes bytes(static_cast<size_t>(size));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), size);
  if (file.gcount() != size) fail(path, "the file could not be read to its end");
  return bytes;
}

bool starts_with(const Bytes& bytes, std::initializer_list<unsigned char> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

void check_size(const std::string& path, int64_t width, int64_t height) {
  if (width < 1 || height < 1 || width > kMaxImageSide || height > kMaxImageSide ||
      width * height > kMaxImagePixels)
    fail(path,
         fmt::format("it has {} x {} pixels, the largest allowed are {} a side and {} in all",
                     width, height, kMaxImageSide, kMaxImagePixels),
         "make it smaller");
}

// [H, W, C] as decoded, without channels after the first `keep`, to contiguous [C, H, W].
at::Tensor planes(const at::Tensor& pixels, int64_t keep) {
  return pixels.narrow(2, 0, keep).permute({2, 0, 1}).contiguous();
}

at::Tensor decode_jpeg(const std::string& path, const Bytes& bytes) {
  struct Close {
    void operator()(void* handle) const { tjDestroy(handle); }
  };
  const std::unique_ptr<void, Close> handle(tjInitDecompress());
  if (!handle) fail(path, tjGetErrorStr2(nullptr));
  int width = 0, height = 0, subsampling = 0, space = 0;
  if (tjDecompressHeader3(handle.get(), bytes.data(), bytes.size(), &width, &height, &subsampling,
                          &space) != 0)
    fail(path, tjGetErrorStr2(handle.get()));
  if (space == TJCS_CMYK || space == TJCS_YCCK)
    fail(path, "it is a CMYK JPEG", "convert it to RGB or gray");
  check_size(path, width, height);
  const bool grey = space == TJCS_GRAY;
  const at::Tensor pixels = at::empty({height, width, grey ? 1 : 3}, at::kByte);
  // A warning ("premature end of file") also returns -1: the pixels after it would be made up.
  if (tjDecompress2(handle.get(), bytes.data(), bytes.size(), pixels.data_ptr<uint8_t>(), width, 0,
                    height, grey ? TJPF_GRAY : TJPF_RGB,
                    TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0)
    fail(path, tjGetErrorStr2(handle.get()));
  return planes(pixels, grey ? 1 : 3);
}

bool is_png(const Bytes& bytes) {
  return starts_with(bytes, {0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a});
}

// Of the header, which is the first chunk of every PNG file.
constexpr size_t kBitDepth = 24;
bool has_16_bits(const Bytes& bytes) { return bytes.size() > kBitDepth && bytes[kBitDepth] == 16; }

// libpng stops after the last row, so a file cut behind it is only seen by walking the chunks.
bool has_png_end(const Bytes& bytes) {
  size_t at = 8;
  while (at + 12 <= bytes.size()) {
    const size_t length = size_t{bytes[at]} << 24 | size_t{bytes[at + 1]} << 16 |
                          size_t{bytes[at + 2]} << 8 | size_t{bytes[at + 3]};
    if (std::memcmp(bytes.data() + at + 4, "IEND", 4) == 0) return true;
    at += 12 + length;
  }
  return false;
}

SourceImage decode_png(const std::string& path, const Bytes& bytes) {
  struct Free {
    void operator()(png_image* image) const { png_image_free(image); }
  };
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, Free> guard(&image);
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0)
    fail(path, image.message);
  check_size(path, image.width, image.height);
  if (!has_png_end(bytes)) fail(path, "the PNG file is truncated: its end chunk is missing");
  if (has_16_bits(bytes)) {
    std::string error;
    const at::Tensor levels =
        read_png_levels(bytes.data(), bytes.size(), image.width, image.height, &error);
    if (!error.empty()) fail(path, error);
    return {levels, kWhite16};
  }
  // Alpha is read and then cut off: libpng would blend it with a background instead.
  image.format &= PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA;
  const int64_t keep = (image.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1;
  const int64_t channels = PNG_IMAGE_SAMPLE_CHANNELS(image.format);
  const at::Tensor pixels = at::empty(
      {static_cast<int64_t>(image.height), static_cast<int64_t>(image.width), channels}, at::kByte);
  if (png_image_finish_read(&image, nullptr, pixels.data_ptr<uint8_t>(), 0, nullptr) == 0)
    fail(path, image.message);
  return {planes(pixels, keep)};
}

}  // namespace

SourceImage read_image_file(const std::string& path) {
  const Bytes bytes = read_bytes(path);
  if (starts_with(bytes, {0xff, 0xd8, 0xff})) return {decode_jpeg(path, bytes)};
  if (is_png(bytes)) return decode_png(path, bytes);
  fail(path, "its first bytes are those of neither a JPEG nor a PNG file");
}

double peek_white(const std::string& path) {
  Bytes start(kBitDepth + 1, 0);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(start.data()), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<size_t>(file.gcount()));
  return is_png(start) && has_16_bits(start) ? kWhite16 : SourceImage().white;
}

}  // namespace medpfl
