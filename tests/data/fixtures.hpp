#pragma once
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>
#include <jpeglib.h>
#include <png.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

#include <cstdint>
#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "data/dataset.hpp"

namespace medpfl::fixtures {

using Bytes = std::vector<unsigned char>;

/// A folder of its own that is removed with all it holds.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "medpfl-data-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  /// The path of `name` below the folder; its parents are made.
  std::string operator/(const std::string& name) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    return (path_ / name).string();
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

inline Bytes load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void save(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

/// The first `size` bytes of a file, as another file.
inline void save_start(const std::string& from, const std::string& to, size_t size) {
  Bytes bytes = load(from);
  bytes.resize(size);
  save(to, bytes);
}

/// Runs `action`; it must throw a DataError whose message holds every one of `parts`.
inline void expect_data_error(const std::function<void()>& action,
                              const std::vector<std::string>& parts) {
  try {
    action();
    ADD_FAILURE() << "no error; expected one with: " << parts.front();
  } catch (const DataError& error) {
    for (const std::string& part : parts)
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
          << "'" << part << "' is not in: " << error.what();
  }
}

/// Sets chunks of a PNG file that is being written.
using PngChunks = std::function<void(png_structp png, png_infop info)>;

/// PNG of any color type; `rows` are packed as in the file (16 bits: high byte first).
inline void save_png(const std::string& path, int width, int height, int bit_depth, int color_type,
                     const Bytes& rows, const std::vector<png_color>& palette = {},
                     const PngChunks& chunks = {}) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, file);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
               bit_depth, color_type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (chunks) chunks(png, info);
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  png_write_info(png, info);
  const size_t stride = rows.size() / static_cast<size_t>(height);
  for (int y = 0; y < height; ++y)
    png_write_row(png, rows.data() + static_cast<size_t>(y) * stride);
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  std::fclose(file);
}

/// An 8-bit gray PNG of one level.
inline void save_grey_png(const std::string& path, int width, int height, unsigned char level) {
  save_png(path, width, height, 8, PNG_COLOR_TYPE_GRAY,
           Bytes(static_cast<size_t>(width * height), level));
}

/// JPEG of quality 100 without chroma subsampling; `pixels` interleaved in the colors of `space`.
inline void save_jpeg(const std::string& path, int width, int height, J_COLOR_SPACE space,
                      const Bytes& pixels) {
  const int channels = space == JCS_GRAYSCALE ? 1 : space == JCS_RGB ? 3 : 4;
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  jpeg_stdio_dest(&jpeg, file);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.input_components = channels;
  jpeg.in_color_space = space;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  for (int c = 0; c < channels; ++c)
    jpeg.comp_info[c].h_samp_factor = jpeg.comp_info[c].v_samp_factor = 1;
  jpeg_start_compress(&jpeg, TRUE);
  for (int y = 0; y < height; ++y) {
    auto* row = const_cast<JSAMPROW>(pixels.data() + static_cast<size_t>(y * width * channels));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::fclose(file);
}

/// A .npy file, version 1 or 2, with `data` after the header.
inline Bytes npy(const std::string& descr, const std::string& shape, const Bytes& data,
                 const std::string& order = "False", unsigned char version = 1) {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  const size_t fixed = version == 1 ? 10 : 12;
  header.append(63 - (fixed + header.size()) % 64, ' ');
  header += '\n';
  Bytes out = {0x93, 'N', 'U', 'M', 'P', 'Y', version, 0, static_cast<unsigned char>(header.size()),
               0};
  if (version == 2) out.resize(fixed);  // zeros
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

/// A zip archive of members; uncompressed where `method` is ZIP_CM_STORE.
inline void save_npz(const std::string& path,
                     const std::vector<std::pair<std::string, Bytes>>& members,
                     zip_int32_t method = ZIP_CM_DEFLATE) {
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& [name, bytes] : members) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive, (name + ".npy").c_str(), source, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), method, 0);
  }
  if (zip_close(archive) != 0) throw std::runtime_error("zip_close: " + path);
}

inline void save_gz(const std::string& path, const Bytes& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

/// 0, 1, ... modulo 256.
inline Bytes ramp(size_t size, unsigned char first = 0) {
  Bytes out(size);
  for (unsigned char& byte : out) byte = first++;
  return out;
}

inline std::vector<int> values(const at::Tensor& image) {
  const at::Tensor flat = image.contiguous();
  const uint8_t* data = flat.data_ptr<uint8_t>();
  return {data, data + flat.numel()};
}

/// Levels of 16 bits, from pixels that are float32 in [0, 1] with white at 65535.
inline std::vector<int> levels(const at::Tensor& image) {
  const at::Tensor flat = image.to(at::kDouble).mul(65535).round().to(at::kInt).contiguous();
  EXPECT_EQ(image.scalar_type(), at::kFloat);
  return {flat.data_ptr<int>(), flat.data_ptr<int>() + flat.numel()};
}

/// Every element within `tolerance` gray levels of `expected`.
inline void expect_near(const at::Tensor& image, const std::vector<int>& expected, int tolerance) {
  const std::vector<int> found = values(image);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << i;
}

/// The data set `name` at `path`, its options at their defaults but those given.
inline std::unique_ptr<Dataset> open(
    const std::string& name, const std::string& path,
    const std::vector<std::pair<std::string, std::string>>& set = {}, int64_t image_size = 28,
    int64_t channels = 1, const std::optional<Window>& window = {},
    const std::function<void(DataRequest*)>& ask = {}) {
  const auto& entry = datasets().find(name);
  OptionValues own = OptionValues::defaults(entry.options);
  for (const auto& [option, value] : set) own.set(option, value);
  DataRequest request;
  request.path = path;
  request.image_size = image_size;
  request.channels = channels;
  request.window = window;
  if (ask) ask(&request);
  return entry.create.make(own, request);
}

/// Runs `check` with the folder of real images where MEDPFL_TEST_DATA names one.
inline void with_real_data(const std::function<void(const std::string&)>& check) {
  const char* root = std::getenv("MEDPFL_TEST_DATA");
  if (root == nullptr || *root == '\0') {
    std::puts("MEDPFL_TEST_DATA is not set: generated files only");
    return;
  }
  check(root);
}

}  // namespace medpfl::fixtures
