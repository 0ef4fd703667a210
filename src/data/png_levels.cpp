#include "data/png_levels.hpp"

#include <ATen/ops/empty.h>
#include <png.h>

#include <algorithm>
#include <vector>

namespace medpfl {
namespace {

constexpr size_t kSampleBytes = 2;

struct Source {
  const unsigned char* next;
  size_t left;
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

// The channels that are stored without alpha; 0: an error, which was kept.
int read_header(png_structp png, png_infop info, Source* source) {
  if (setjmp(png_jmpbuf(png)) != 0) return 0;
  png_set_read_fn(png, source, take);
  png_read_info(png, info);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return png_get_channels(png, info);
}

void read_rows(png_structp png, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png)) != 0) return;
  png_read_image(png, rows);
  png_read_end(png, nullptr);
}

// One libpng reader, freed with the object.
struct Reader {
  explicit Reader(std::string* error)
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, error, keep_error, ignore_warning)),
        info(png == nullptr ? nullptr : png_create_info_struct(png)) {}
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  png_structp png;
  png_infop info;
};

}  // namespace

at::Tensor read_png_levels(const unsigned char* bytes, size_t size, int64_t width, int64_t height,
                           std::string* error) {
  Reader reader(error);
  Source source{bytes, size};
  if (reader.info == nullptr) {
    *error = "libpng has no memory";
    return {};
  }
  const int channels = read_header(reader.png, reader.info, &source);
  if (channels == 0) return {};
  const size_t stride = static_cast<size_t>(width * channels) * kSampleBytes;
  std::vector<unsigned char> samples(stride * static_cast<size_t>(height));
  std::vector<png_bytep> rows;
  for (int64_t y = 0; y < height; ++y)
    rows.push_back(samples.data() + stride * static_cast<size_t>(y));
  read_rows(reader.png, rows.data());
  at::Tensor levels = at::empty({height, width, channels}, at::kDouble);
  double* out = levels.data_ptr<double>();
  for (size_t i = 0; i < samples.size(); i += kSampleBytes)  // high byte first
    *out++ = samples[i] * 256 + samples[i + 1];
  return levels.permute({2, 0, 1}).contiguous();
}

}  // namespace medpfl
