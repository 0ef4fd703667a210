#include <ATen/ops/empty.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "data/image_bytes.hpp"

namespace medpfl {
namespace {

constexpr unsigned char kMagic[] = {0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a};
constexpr double kWhite16 = 65535;
// Samples of so few bits that are not scaled up leave an image below a sixteenth of its range.
constexpr int kFewBits = 12;

struct Source {
  const unsigned char* next;
  size_t left;
};

struct Header {
  png_uint_32 width = 0, height = 0;
  int depth = 0, channels = 0;
  int significant_bits = 0;  // of sBIT, the most of a channel; 0: the file has none
};

// libpng leaves these by longjmp, as it does the functions below: they own nothing.
void take(png_structp png, png_bytep out, png_size_t bytes) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (bytes > source->left) png_error(png, "the file ends early");
  std::copy_n(source->next, bytes, out);
  source->next += bytes;
  source->left -= bytes;
}

void keep_error(png_structp png, png_const_charp message) {
  static_cast<std::string*>(png_get_error_ptr(png))->assign(message);
  png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

// Asks for the stored samples: nothing is done about gAMA, cHRM, iCCP, sRGB or tRNS.
bool read_header(png_structp png, png_infop info, Source* source, Header* out) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_read_fn(png, source, take);
  png_read_info(png, info);
  out->width = png_get_image_width(png, info);
  out->height = png_get_image_height(png, info);
  const bool colored = (png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR) != 0;
  png_color_8p bits = nullptr;
  if (png_get_sBIT(png, info, &bits) != 0)
    out->significant_bits = colored ? std::max({bits->red, bits->green, bits->blue}) : bits->gray;
  if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  out->depth = png_get_bit_depth(png, info);
  out->channels = png_get_channels(png, info);
  return true;
}

bool read_rows(png_structp png, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

// One libpng reader, freed with the object.
class PngReader {
 public:
  // The destructor runs where this throws, because the other constructor has ended.
  explicit PngReader(const ImageBytes& bytes) : PngReader(Source{bytes.data(), bytes.size()}) {
    if (info_ == nullptr) throw UnreadableImage("libpng has no memory");
    check(read_header(png_, info_, &source_, &header_));
    check_image_size(header_.width, header_.height);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  const Header& header() const { return header_; }

  // Fills `out` with height() rows of `stride` bytes.
  void read(unsigned char* out, size_t stride) {
    std::vector<png_bytep> rows(header_.height);
    for (png_bytep& row : rows) {
      row = out;
      out += stride;
    }
    check(read_rows(png_, rows.data()));
  }

 private:
  explicit PngReader(const Source& source)
      : source_(source),
        png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &error_, keep_error, ignore_warning)),
        info_(png_ == nullptr ? nullptr : png_create_info_struct(png_)) {}

  void check(bool done) const {
    if (!done) throw UnreadableImage(error_);
  }

  std::string error_;
  Source source_;
  Header header_;
  png_structp png_;
  png_infop info_;
};

// libpng stops after the last row, so a file cut behind it is only seen by walking the chunks.
bool has_end(const ImageBytes& bytes) {
  size_t at = sizeof kMagic;
  while (at + 12 <= bytes.size()) {
    const size_t length = size_t{bytes[at]} << 24 | size_t{bytes[at + 1]} << 16 |
                          size_t{bytes[at + 2]} << 8 | size_t{bytes[at + 3]};
    if (std::memcmp(bytes.data() + at + 4, "IEND", 4) == 0) return true;
    at += 12 + length;
  }
  return false;
}

// Returns the level of white of samples of 16 bits, of which sBIT says how many are significant.
// The standard has writers scale samples up to 16 bits, by a shift or by repeating the high bits
// below, and white is then 65535. Some scanners write samples of 12 bits as they are: these lie
// below 2^bits, and use bits that a shift would have left empty.
double white_of(const uint16_t* samples, size_t count, int bits) {
  if (bits < 1 || bits >= 16) return kWhite16;
  const unsigned limit = 1U << static_cast<unsigned>(bits);
  const unsigned empty = (1U << static_cast<unsigned>(16 - bits)) - 1;
  bool shifted = bits > kFewBits;
  for (size_t i = 0; i < count; ++i) {
    if (samples[i] >= limit) return kWhite16;
    if ((samples[i] & empty) != 0) shifted = false;
  }
  return shifted ? kWhite16 : limit - 1;
}

}  // namespace

bool is_png(const ImageBytes& bytes) {
  return bytes.size() >= sizeof kMagic && std::equal(kMagic, std::end(kMagic), bytes.begin());
}

void check_png_header(const ImageBytes& bytes) { PngReader{bytes}; }

double peek_png_white(const ImageBytes& start) {
  // The header is the first chunk, and the depth its last byte but four.
  return start.size() >= kPngDepthBytes && start[kPngDepthBytes - 1] == 16 ? kWhite16
                                                                           : SourceImage().white;
}

SourceImage decode_png(const ImageBytes& bytes) {
  PngReader reader(bytes);
  if (!has_end(bytes)) throw UnreadableImage("the PNG file is truncated: its end chunk is missing");
  const Header& header = reader.header();
  const std::vector<int64_t> shape = {header.height, header.width, header.channels};
  const size_t row = size_t{header.width} * static_cast<size_t>(header.channels);
  SourceImage image;
  if (header.depth == 8) {
    const at::Tensor pixels = at::empty(shape, at::kByte);
    reader.read(pixels.data_ptr<uint8_t>(), row);
    image.levels = pixels.permute({2, 0, 1}).contiguous();
    return image;
  }
  std::vector<uint16_t> samples(row * header.height);
  auto* raw = reinterpret_cast<unsigned char*>(samples.data());
  reader.read(raw, row * sizeof(uint16_t));
  for (size_t i = 0; i < samples.size(); ++i)  // high byte first
    samples[i] = static_cast<uint16_t>(raw[2 * i] << 8 | raw[2 * i + 1]);
  image.white = white_of(samples.data(), samples.size(), header.significant_bits);
  const at::Tensor levels = at::empty(shape, at::kDouble);
  std::copy(samples.begin(), samples.end(), levels.data_ptr<double>());
  image.levels = levels.permute({2, 0, 1}).contiguous();
  return image;
}

}  // namespace medpfl
