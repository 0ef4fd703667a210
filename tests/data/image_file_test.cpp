#include "data/image_file.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <optional>

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

// Whatever a file says of its colors, as writers of screenshots and of photographs do.
std::vector<PngChunks> color_chunks() {
  std::vector<PngChunks> all;
  for (const double gamma : {0.22727, 0.45455, 0.55556, 1.0})
    all.emplace_back([=](png_structp png, png_infop info) { png_set_gAMA(png, info, gamma); });
  all.emplace_back([](png_structp png, png_infop info) {
    png_set_cHRM(png, info, 0.31, 0.33, 0.7, 0.2, 0.2, 0.7, 0.1, 0.1);
    png_set_gAMA(png, info, 0.8);
  });
  all.emplace_back(
      [](png_structp png, png_infop info) { png_set_sRGB(png, info, PNG_sRGB_INTENT_ABSOLUTE); });
  return all;
}

TEST(ImageFile, SamplesAreThoseStoredWhateverTheColors) {
  const TemporaryFolder folder;
  for (const PngChunks& chunks : color_chunks()) {
    save_png(folder / "8.png", 3, 1, 8, PNG_COLOR_TYPE_GRAY, {1, 100, 250}, {}, chunks);
    EXPECT_EQ(values(read_image_file(folder / "8.png").levels), std::vector<int>({1, 100, 250}));
    save_png(folder / "c.png", 2, 1, 8, PNG_COLOR_TYPE_RGB, {1, 90, 180, 20, 40, 60}, {}, chunks);
    EXPECT_EQ(values(read_image_file(folder / "c.png").levels),
              std::vector<int>({1, 20, 90, 40, 180, 60}));
    save_png(folder / "p.png", 2, 1, 8, PNG_COLOR_TYPE_PALETTE, {1, 0}, {{9, 8, 7}, {99, 98, 97}},
             chunks);
    EXPECT_EQ(values(read_image_file(folder / "p.png").levels),
              std::vector<int>({99, 9, 98, 8, 97, 7}));
    save_png(folder / "g.png", 2, 1, 16, PNG_COLOR_TYPE_GRAY, {0x12, 0x34, 0x80, 0x01}, {}, chunks);
    EXPECT_EQ(deep_values(read_image_file(folder / "g.png")), std::vector<int>({0x1234, 0x8001}));
  }
}

TEST(ImageFile, FewBitsAndTransparencyAreStoredSamplesToo) {
  const TemporaryFolder folder;
  save_png(folder / "1.png", 8, 1, 1, PNG_COLOR_TYPE_GRAY, {0xa0});
  EXPECT_EQ(values(read_image_file(folder / "1.png").levels),
            std::vector<int>({255, 0, 255, 0, 0, 0, 0, 0}));
  save_png(folder / "4.png", 2, 1, 4, PNG_COLOR_TYPE_GRAY, {0x3f});
  EXPECT_EQ(values(read_image_file(folder / "4.png").levels), std::vector<int>({51, 255}));
  const PngChunks clear = [](png_structp png, png_infop info) {
    png_byte alpha[] = {0, 128};
    png_color_16 level{};
    level.gray = 70;
    png_set_tRNS(png, info, alpha, 2, &level);
  };
  save_png(folder / "t.png", 2, 1, 8, PNG_COLOR_TYPE_GRAY, {70, 71}, {}, clear);
  EXPECT_EQ(values(read_image_file(folder / "t.png").levels), std::vector<int>({70, 71}));
  save_png(folder / "pt.png", 2, 1, 8, PNG_COLOR_TYPE_PALETTE, {1, 0}, {{9, 8, 7}, {1, 2, 3}},
           clear);
  EXPECT_EQ(values(read_image_file(folder / "pt.png").levels),
            std::vector<int>({1, 9, 2, 8, 3, 7}));
}

// The white of an image of 16 bits of which so many are significant.
double white_of(const std::vector<int>& levels, int bits) {
  const TemporaryFolder folder;
  Bytes rows;
  for (const int level : levels) {
    rows.push_back(static_cast<unsigned char>(level >> 8));
    rows.push_back(static_cast<unsigned char>(level & 255));
  }
  const PngChunks significant = [=](png_structp png, png_infop info) {
    png_color_8 depth{};
    depth.gray = static_cast<png_byte>(bits);
    png_set_sBIT(png, info, &depth);
  };
  save_png(folder / "s.png", static_cast<int>(levels.size()), 1, 16, PNG_COLOR_TYPE_GRAY, rows, {},
           bits > 0 ? significant : PngChunks());
  const SourceImage image = read_image_file(folder / "s.png");
  const at::Tensor flat = image.levels.to(at::kInt).contiguous();
  EXPECT_EQ(std::vector<int>(flat.data_ptr<int>(), flat.data_ptr<int>() + flat.numel()), levels);
  return image.white;
}

TEST(ImageFile, SignificantBitsSayWhereWhiteIs) {
  // As a scanner of 12, 10 and 14 bits has them.
  EXPECT_EQ(white_of({0, 17, 4095}, 12), 4095);
  EXPECT_EQ(white_of({0, 16, 3840}, 12), 4095);
  EXPECT_EQ(white_of({3, 1000}, 10), 1023);
  EXPECT_EQ(white_of({1, 16383}, 14), 16383);
  // Scaled up, as the standard asks: by a shift, by repeated bits; also where all of it is dark.
  EXPECT_EQ(white_of({0, 16, 65520}, 12), 65535);
  EXPECT_EQ(white_of({0, 65535}, 12), 65535);
  EXPECT_EQ(white_of({4, 8192, 16380}, 14), 65535);
  // No word of it.
  EXPECT_EQ(white_of({0, 17, 4095}, 0), 65535);
  EXPECT_EQ(white_of({0, 17, 4095}, 16), 65535);
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
  save_jpeg(folder / "g.jpg", 16, 8, JCS_GRAYSCALE, Bytes(128, 77));
  const at::Tensor grey = read_image_file(folder / "g.jpg").levels;
  EXPECT_EQ(grey.sizes(), at::IntArrayRef({1, 8, 16}));
  EXPECT_EQ(values(grey), std::vector<int>(128, 77));
  Bytes pixels;
  for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), {200, 100, 50});
  save_jpeg(folder / "c.jpg", 8, 8, JCS_RGB, pixels);
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
  save_jpeg(folder / "cmyk.jpg", 8, 8, JCS_CMYK, Bytes(256, 100));
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
  save_jpeg(folder / "a.jpg", 16, 16, JCS_GRAYSCALE, ramp(256));
  expect_prefixes_refused(folder, folder / "a.jpg", 1);
  save_start(folder / "a.jpg", folder / "cut", load(folder / "a.jpg").size() - 20);
  expect_data_error([&] { read_image_file(folder / "cut"); }, {"Premature end of JPEG file"});
}

// A JPEG file with `stray` put in at `at`.
void save_with(const TemporaryFolder& folder, const Bytes& jpeg, size_t at, const Bytes& stray) {
  Bytes bytes = jpeg;
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), stray.begin(), stray.end());
  save(folder / "stray.jpg", bytes);
}

TEST(ImageFile, StrayBytesOfAJpegChangeNoPixelAndAreNoted) {
  const TemporaryFolder folder;
  save_jpeg(folder / "a.jpg", 16, 16, JCS_GRAYSCALE, ramp(256));
  const SourceImage whole = read_image_file(folder / "a.jpg");
  EXPECT_FALSE(whole.stray_bytes);
  const Bytes jpeg = load(folder / "a.jpg");
  const Bytes scan = {0xff, 0xda};
  const auto start = std::search(jpeg.begin(), jpeg.end(), scan.begin(), scan.end());
  for (const size_t at : {static_cast<size_t>(start - jpeg.begin()), jpeg.size() - 2}) {
    save_with(folder, jpeg, at, ramp(64));
    const SourceImage image = read_image_file(folder / "stray.jpg");
    EXPECT_TRUE(image.stray_bytes);
    EXPECT_TRUE(image.levels.equal(whole.levels));
    // Premature ends are no less an error behind them.
    save_start(folder / "stray.jpg", folder / "cut.jpg", at + 64);
    expect_data_error([&] { read_image_file(folder / "cut.jpg"); }, {"cannot read image"});
  }
  // What follows the end belongs to no part.
  save_with(folder, jpeg, jpeg.size(), Bytes(200, 0));
  EXPECT_FALSE(read_image_file(folder / "stray.jpg").stray_bytes);
}

TEST(ImageFile, FaultsAreFoundInTheHeaderAndTheEnd) {
  const TemporaryFolder folder;
  const auto fault = [&](const std::string& name) {
    const std::optional<ImageFault> found = find_image_fault(folder / name, Look::kHeader);
    EXPECT_EQ(find_image_fault(folder / name, Look::kPixels).has_value(), found.has_value());
    return found ? found->reason : "";
  };
  save_grey_png(folder / "a.png", 20, 20, 1);
  save_jpeg(folder / "a.jpg", 16, 16, JCS_GRAYSCALE, ramp(256));
  save_jpeg(folder / "c.jpg", 8, 8, JCS_CMYK, Bytes(256, 100));
  save(folder / "html.png", {'<', 'h', 't', 'm', 'l', '>'});
  save(folder / "empty.png", {});
  EXPECT_EQ(fault("a.png"), "");
  EXPECT_EQ(fault("a.jpg"), "");
  EXPECT_EQ(fault("c.jpg"), "it is a CMYK JPEG");
  EXPECT_EQ(fault("empty.png"), "the file is empty");
  EXPECT_NE(fault("html.png").find("neither a JPEG nor a PNG"), std::string::npos);
  EXPECT_NE(fault("none.png"), "");
  save_start(folder / "a.png", folder / "cut.png", load(folder / "a.png").size() - 12);
  EXPECT_NE(fault("cut.png").find("truncated"), std::string::npos);
  save_start(folder / "a.jpg", folder / "cut.jpg", load(folder / "a.jpg").size() - 20);
  EXPECT_EQ(fault("cut.jpg"), "Premature end of JPEG file");
  // Bytes behind the end are no fault, and a profile may be longer than what is read at first.
  Bytes more = load(folder / "a.jpg");
  more.resize(more.size() + 50);
  save(folder / "more.jpg", more);
  EXPECT_EQ(fault("more.jpg"), "");
  Bytes segment = {0xff, 0xed, 0xff, 0xff};
  segment.resize(2 + 0xffff);
  Bytes profiled = load(folder / "a.jpg");
  for (int i = 0; i < 2; ++i) profiled.insert(profiled.begin() + 2, segment.begin(), segment.end());
  save(folder / "profiled.jpg", profiled);
  EXPECT_EQ(fault("profiled.jpg"), "");
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
  save_jpeg(folder / "wide.jpg", 65'001, 1, JCS_GRAYSCALE, Bytes(65'001, 0));
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

// What libjpeg and libpng took is given back, also where a file ends within its header.
TEST(ImageFile, RefusalsKeepNoMemory) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a.jpg", std::ios::binary) << "\xff\xd8\xff\xdb";
  std::ofstream(folder / "a.png", std::ios::binary) << "\x89PNG\r\n\x1a\n";
  const auto refuse = [&](int times) {
    for (int i = 0; i < times; ++i)
      for (const char* name : {"a.jpg", "a.png"})
        EXPECT_TRUE(find_image_fault(folder / name, Look::kPixels));
  };
  refuse(10);
  const size_t before = mallinfo2().uordblks;
  refuse(1000);
  EXPECT_LT(mallinfo2().uordblks, before + 100'000);
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
