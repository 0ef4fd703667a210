#include "data/image_file.hpp"

#include <gtest/gtest.h>

#include "fixtures.hpp"

namespace medpfl {
namespace {

using namespace fixtures;  // NOLINT: the fixtures of these tests only

TEST(ImageFile, GreyPngKeepsItsChannelAndBytes) {
  const TemporaryFolder folder;
  save_png(folder / "a.png", 3, 2, 8, PNG_COLOR_TYPE_GRAY, {0, 50, 100, 150, 200, 255});
  const at::Tensor image = read_image_file(folder / "a.png").levels;
  EXPECT_EQ(image.sizes(), at::IntArrayRef({1, 2, 3}));
  EXPECT_EQ(values(image), std::vector<int>({0, 50, 100, 150, 200, 255}));
}

TEST(ImageFile, RgbPngBecomesPlanes) {
  const TemporaryFolder folder;
  save_png(folder / "a.png", 2, 1, 8, PNG_COLOR_TYPE_RGB, {1, 2, 3, 4, 5, 6});
  const at::Tensor image = read_image_file(folder / "a.png").levels;
  EXPECT_EQ(image.sizes(), at::IntArrayRef({3, 1, 2}));
  EXPECT_EQ(values(image), std::vector<int>({1, 4, 2, 5, 3, 6}));
}

TEST(ImageFile, AlphaIsDroppedNotBlended) {
  const TemporaryFolder folder;
  save_png(folder / "rgba.png", 2, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA,
           {10, 20, 30, 0, 40, 50, 60, 128});
  EXPECT_EQ(values(read_image_file(folder / "rgba.png").levels),
            std::vector<int>({10, 40, 20, 50, 30, 60}));
  save_png(folder / "ga.png", 2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, {70, 1, 80, 255});
  EXPECT_EQ(values(read_image_file(folder / "ga.png").levels), std::vector<int>({70, 80}));
}

TEST(ImageFile, PaletteBecomesRgb) {
  const TemporaryFolder folder;
  save_png(folder / "p.png", 3, 1, 8, PNG_COLOR_TYPE_PALETTE, {1, 0, 1}, {{9, 8, 7}, {1, 2, 3}});
  EXPECT_EQ(values(read_image_file(folder / "p.png").levels),
            std::vector<int>({1, 9, 1, 2, 8, 2, 3, 7, 3}));
}

std::vector<int> deep_values(const SourceImage& image) {
  EXPECT_EQ(image.white, 65535);
  const at::Tensor flat = image.levels.to(at::kInt).contiguous();
  return {flat.data_ptr<int>(), flat.data_ptr<int>() + flat.numel()};
}

TEST(ImageFile, SixteenBitsKeepTheirLevels) {
  const TemporaryFolder folder;
  save_png(folder / "d.png", 3, 1, 16, PNG_COLOR_TYPE_GRAY, {0x00, 0x01, 0x12, 0x34, 0xff, 0xfe});
  const SourceImage grey = read_image_file(folder / "d.png");
  EXPECT_EQ(grey.levels.sizes(), at::IntArrayRef({1, 1, 3}));
  EXPECT_EQ(deep_values(grey), std::vector<int>({1, 0x1234, 0xfffe}));
  save_png(folder / "c.png", 2, 1, 16, PNG_COLOR_TYPE_RGB, ramp(12));
  const SourceImage colour = read_image_file(folder / "c.png");
  EXPECT_EQ(colour.levels.sizes(), at::IntArrayRef({3, 1, 2}));
  EXPECT_EQ(deep_values(colour), std::vector<int>({0x1, 0x607, 0x203, 0x809, 0x405, 0xa0b}));
  save_png(folder / "a.png", 2, 1, 16, PNG_COLOR_TYPE_GRAY_ALPHA, ramp(8));
  EXPECT_EQ(deep_values(read_image_file(folder / "a.png")), std::vector<int>({0x1, 0x405}));
}

TEST(ImageFile, SixteenBitsAreThoseStoredWhateverTheGamma) {
  const TemporaryFolder folder;
  for (const double gamma : {0.45455, 1.0}) {
    save_png(folder / "g.png", 2, 1, 16, PNG_COLOR_TYPE_GRAY, {0x12, 0x34, 0x80, 0x01}, {}, gamma);
    EXPECT_EQ(deep_values(read_image_file(folder / "g.png")), std::vector<int>({0x1234, 0x8001}));
  }
}

TEST(ImageFile, TheDepthIsSeenInTheFirstBytes) {
  const TemporaryFolder folder;
  save_png(folder / "deep.jpg", 1, 1, 16, PNG_COLOR_TYPE_GRAY, {1, 2});
  save_grey_png(folder / "flat.png", 1, 1, 9);
  save(folder / "short.png", {0x89, 'P'});
  EXPECT_EQ(peek_white(folder / "deep.jpg"), 65535);
  for (const char* other : {"flat.png", "short.png", "none.png"})
    EXPECT_EQ(peek_white(folder / other), 255) << other;
}

TEST(ImageFile, GreyJpegHasOneChannelColourThree) {
  const TemporaryFolder folder;
  save_jpeg(folder / "g.jpg", 16, 8, TJPF_GRAY, Bytes(128, 77));
  const at::Tensor grey = read_image_file(folder / "g.jpg").levels;
  EXPECT_EQ(grey.sizes(), at::IntArrayRef({1, 8, 16}));
  EXPECT_EQ(values(grey), std::vector<int>(128, 77));
  Bytes pixels;
  for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), {200, 100, 50});
  save_jpeg(folder / "c.jpg", 8, 8, TJPF_RGB, pixels);
  std::vector<int> expected(192, 200);
  std::fill(expected.begin() + 64, expected.begin() + 128, 100);
  std::fill(expected.begin() + 128, expected.end(), 50);
  const at::Tensor color = read_image_file(folder / "c.jpg").levels;
  EXPECT_EQ(color.sizes(), at::IntArrayRef({3, 8, 8}));
  expect_near(color, expected, 2);
}

TEST(ImageFile, TheFirstBytesDecideNotTheName) {
  const TemporaryFolder folder;
  save_grey_png(folder / "really_png.jpg", 2, 2, 9);
  EXPECT_EQ(values(read_image_file(folder / "really_png.jpg").levels), std::vector<int>(4, 9));
  save(folder / "text.png", {'h', 'e', 'l', 'l', 'o'});
  expect_data_error([&] { read_image_file(folder / "text.png"); },
                    {"cannot read image", "text.png", "neither a JPEG nor a PNG"});
}

TEST(ImageFile, MissingEmptyAndFolderAreRefused) {
  const TemporaryFolder folder;
  expect_data_error([&] { read_image_file(folder / "none.png"); },
                    {"none.png", "No such file", "check the path"});
  save(folder / "empty.png", {});
  expect_data_error([&] { read_image_file(folder / "empty.png"); }, {"empty.png", "is empty"});
  expect_data_error([&] { read_image_file(folder.path()); }, {"it is a folder"});
}

TEST(ImageFile, CmykJpegIsRefused) {
  const TemporaryFolder folder;
  save_jpeg(folder / "cmyk.jpg", 8, 8, TJPF_CMYK, Bytes(256, 100));
  expect_data_error([&] { read_image_file(folder / "cmyk.jpg"); }, {"CMYK", "convert it to RGB"});
}

// Every proper prefix of a file must be refused, whatever is cut.
void expect_prefixes_refused(const TemporaryFolder& folder, const std::string& path, size_t step) {
  const size_t size = load(path).size();
  for (size_t cut = 1; cut < size; cut += step) {
    save_start(path, folder / "cut", cut);
    expect_data_error([&] { read_image_file(folder / "cut"); }, {"cannot read image"});
  }
  save_start(path, folder / "cut", size - 1);
  expect_data_error([&] { read_image_file(folder / "cut"); }, {"cannot read image"});
}

TEST(ImageFile, TruncatedPngIsRefused) {
  const TemporaryFolder folder;
  save_png(folder / "a.png", 16, 16, 8, PNG_COLOR_TYPE_GRAY, ramp(256));
  expect_prefixes_refused(folder, folder / "a.png", 1);
  save_png(folder / "d.png", 16, 16, 16, PNG_COLOR_TYPE_GRAY, ramp(512));
  expect_prefixes_refused(folder, folder / "d.png", 1);
}

TEST(ImageFile, TruncatedJpegIsRefused) {
  const TemporaryFolder folder;
  save_jpeg(folder / "a.jpg", 16, 16, TJPF_GRAY, ramp(256));
  expect_prefixes_refused(folder, folder / "a.jpg", 1);
  save_start(folder / "a.jpg", folder / "cut", load(folder / "a.jpg").size() - 20);
  expect_data_error([&] { read_image_file(folder / "cut"); }, {"Premature end of JPEG file"});
}

TEST(ImageFile, DamagedPngIsRefused) {
  const TemporaryFolder folder;
  for (const int depth : {8, 16}) {
    save_png(folder / "a.png", 16, 16, depth, PNG_COLOR_TYPE_GRAY,
             ramp(static_cast<size_t>(32 * depth)));
    Bytes bytes = load(folder / "a.png");
    bytes[bytes.size() / 2] ^= 0x10;
    save(folder / "bad.png", bytes);
    expect_data_error([&] { read_image_file(folder / "bad.png"); },
                      {"cannot read image", "bad.png"});
  }
}

TEST(ImageFile, AbsurdSizesAreRefusedBeforeMemoryIsTaken) {
  const TemporaryFolder folder;
  // One row is enough: the header alone must be refused.
  save_jpeg(folder / "wide.jpg", 65'001, 1, TJPF_GRAY, Bytes(65'001, 0));
  expect_data_error([&] { read_image_file(folder / "wide.jpg"); },
                    {"65001 x 1 pixels", "65000 a side", "make it smaller"});
  // 60,000 x 60,000 written into the header of a small file, with the chunk's checksum put right.
  save_grey_png(folder / "huge.png", 4, 4, 0);
  Bytes bytes = load(folder / "huge.png");
  for (const size_t at : {size_t{16}, size_t{20}}) {
    bytes[at + 2] = 60'000 >> 8;
    bytes[at + 3] = 60'000 & 255;
  }
  const uLong crc = crc32(0, bytes.data() + 12, 17);
  for (size_t i = 0; i < 4; ++i) bytes[29 + i] = static_cast<unsigned char>(crc >> (24 - 8 * i));
  save(folder / "huge.png", bytes);
  expect_data_error([&] { read_image_file(folder / "huge.png"); },
                    {"60000 x 60000 pixels", "512000000 in all"});
}

TEST(ImageFile, RealFilesCutShortAreRefused) {
  with_real_data([](const std::string& root) {
    const TemporaryFolder folder;
    for (const char* name : {"/brain_tumor_mri/Training/glioma/Tr-glTr_0000.jpg",
                             "/covid_cxr_3class/train/Covid/006f3a8a.png"}) {
      EXPECT_NO_THROW(read_image_file(root + name));
      expect_prefixes_refused(folder, root + name, load(root + name).size() / 23);
    }
  });
}

TEST(ImageFile, EveryRealImageIsRead) {
  with_real_data([](const std::string& root) {
    int read = 0;
    for (const char* set : {"/brain_tumor_mri", "/chest_xray_pneumonia", "/covid_cxr_3class",
                            "/melanoma_cancer_dataset"})
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root + set)) {
        const std::string suffix = entry.path().extension();
        if (suffix != ".png" && suffix != ".jpg" && suffix != ".jpeg") continue;
        EXPECT_NO_THROW(read_image_file(entry.path())) << entry.path();
        ++read;
      }
    EXPECT_EQ(read, 760 + 320 + 240 + 104);
  });
}

}  // namespace
}  // namespace medpfl
