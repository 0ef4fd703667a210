#include <ATen/ops/empty.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>  // jpeglib.h needs it

// clang-format off: jerror.h needs jpeglib.h
#include <jerror.h>
#include <jpeglib.h>
// clang-format on

#include "data/image_bytes.hpp"

namespace medpfl {
namespace {

// A few bytes can ask for any number of passes over the whole image.
constexpr int kMaxScans = 500;

struct Errors : jpeg_error_mgr {
  std::jmp_buf escape;
  char text[JMSG_LENGTH_MAX] = "";
  bool stray = false;
};

// libjpeg is left by longjmp, and so are the functions below that call it: they own nothing.
[[noreturn]] void stop(j_common_ptr jpeg) {
  auto* errors = static_cast<Errors*>(jpeg->err);
  errors->format_message(jpeg, errors->text);
  std::longjmp(errors->escape, 1);
}

void sort_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;  // traces
  auto* errors = static_cast<Errors*>(jpeg->err);
  if (errors->msg_code != JWRN_EXTRANEOUS_DATA && errors->msg_code != JWRN_JFIF_MAJOR) stop(jpeg);
  errors->stray = true;
}

void limit_scans(j_common_ptr jpeg) {
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMaxScans) return;
  auto* errors = static_cast<Errors*>(jpeg->err);
  std::snprintf(errors->text, sizeof errors->text, "it has more than %d scans", kMaxScans);
  std::longjmp(errors->escape, 1);
}

// One libjpeg reader, freed with the object.
class JpegReader {
 public:
  // The destructor runs where this throws, because the other constructor has ended.
  explicit JpegReader(const ImageBytes& bytes) : JpegReader() {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = stop;
    errors_.emit_message = sort_message;
    progress_.progress_monitor = limit_scans;
    if (!start(bytes.data(), bytes.size())) fail();
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  int64_t width() const { return jpeg_.image_width; }
  int64_t height() const { return jpeg_.image_height; }
  J_COLOR_SPACE space() const { return jpeg_.jpeg_color_space; }
  bool stray() const { return errors_.stray; }

  void read(J_COLOR_SPACE space, uint8_t* out) {
    if (!read_rows(space, out)) fail();
  }

 private:
  JpegReader() = default;

  [[noreturn]] void fail() const { throw UnreadableImage(errors_.text); }

  bool start(const unsigned char* bytes, size_t size) {
    if (setjmp(errors_.escape) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_mem_src(&jpeg_, bytes, size);
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }

  bool read_rows(J_COLOR_SPACE space, uint8_t* out) {
    if (setjmp(errors_.escape) != 0) return false;
    jpeg_.out_color_space = space;
    jpeg_.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&jpeg_);
    const size_t stride = size_t{jpeg_.output_width} * static_cast<size_t>(jpeg_.output_components);
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW row = out + jpeg_.output_scanline * stride;
      jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  Errors errors_ = {};
  jpeg_progress_mgr progress_ = {};
  jpeg_decompress_struct jpeg_ = {};
};

// The colors in which an image is read.
J_COLOR_SPACE colors_of(const JpegReader& reader) {
  check_image_size(reader.width(), reader.height());
  switch (reader.space()) {
    case JCS_GRAYSCALE:
      return JCS_GRAYSCALE;
    case JCS_YCbCr:
    case JCS_RGB:
      return JCS_RGB;
    case JCS_CMYK:
    case JCS_YCCK:
      throw UnreadableImage("it is a CMYK JPEG", "convert it to RGB or gray");
    default:
      throw UnreadableImage("its colors are not known", "convert it to RGB or gray");
  }
}

}  // namespace

bool is_jpeg(const ImageBytes& bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

void check_jpeg_header(const ImageBytes& bytes) { colors_of(JpegReader(bytes)); }

SourceImage decode_jpeg(const ImageBytes& bytes) {
  JpegReader reader(bytes);
  const J_COLOR_SPACE colors = colors_of(reader);
  const at::Tensor pixels =
      at::empty({reader.height(), reader.width(), colors == JCS_RGB ? 3 : 1}, at::kByte);
  reader.read(colors, pixels.data_ptr<uint8_t>());
  SourceImage image;
  image.levels = pixels.permute({2, 0, 1}).contiguous();
  image.stray_bytes = reader.stray();
  return image;
}

}  // namespace medpfl
