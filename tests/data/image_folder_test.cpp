#include <gtest/gtest.h>

#include <algorithm>

#include "fixtures.hpp"

namespace medpfl {
namespace {

using namespace fixtures;  // NOLINT: the fixtures of these tests only

void save_set(const TemporaryFolder& folder, const std::string& train, const std::string& test) {
  save_grey_png(folder / (train + "/b/2.PNG"), 4, 4, 20);
  save_grey_png(folder / (train + "/b/10.png"), 4, 4, 10);
  save_jpeg(folder / (train + "/a/x.JpEg"), 8, 8, JCS_GRAYSCALE, Bytes(64, 30));
  save_jpeg(folder / (test + "/a/y.jpg"), 8, 8, JCS_GRAYSCALE, Bytes(64, 40));
  save_grey_png(folder / (test + "/b/z.png"), 4, 4, 50);
}

void expect_scan_error(const std::string& path, const std::vector<std::string>& parts,
                       const std::string& val = "ignore") {
  expect_data_error([&] { open("image-folder", path, {{"val", val}})->scan(); }, parts);
}

class ImageFolderNames : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(ImageFolderNames, ScanAndRead) {
  const TemporaryFolder folder;
  save_set(folder, GetParam().first, GetParam().second);
  const auto data = open("image-folder", folder.path(), {}, 4);
  const Manifest manifest = data->scan();
  EXPECT_EQ(manifest.class_names, std::vector<std::string>({"a", "b"}));
  EXPECT_EQ(manifest.train.labels, std::vector<int64_t>({0, 1, 1}));
  EXPECT_EQ(manifest.train.ids, std::vector<int64_t>({0, 1, 2}));
  EXPECT_EQ(manifest.test.labels, std::vector<int64_t>({0, 1}));
  EXPECT_NE(manifest.train.files[1].find("10.png"), std::string::npos);
  const at::Tensor images = data->read(manifest, Split::kTrain, {2, 0});
  EXPECT_EQ(images.sizes(), at::IntArrayRef({2, 1, 4, 4}));
  std::vector<int> expected(16, 20);
  expected.insert(expected.end(), 16, 30);
  EXPECT_EQ(values(images), expected);
  EXPECT_EQ(values(data->read(manifest, Split::kTest, {1})), std::vector<int>(16, 50));
}

INSTANTIATE_TEST_SUITE_P(Spellings, ImageFolderNames,
                         testing::Values(std::make_pair("train", "test"),
                                         std::make_pair("Training", "Testing"),
                                         std::make_pair("TRAIN", "testing")));

TEST(ImageFolder, OtherAndHiddenFilesAreIgnored) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  save_grey_png(folder / "train/a/.hidden.png", 2, 2, 0);
  save_grey_png(folder / "train/.cache/h.png", 2, 2, 0);
  save(folder / "train/a/notes.txt", {'x'});
  save(folder / "train/readme.md", {'x'});
  save(folder / "train/a/nested.png/file", {'x'});
  const Manifest manifest = open("image-folder", folder.path())->scan();
  EXPECT_EQ(manifest.class_names, std::vector<std::string>({"a", "b"}));
  EXPECT_EQ(manifest.train.size(), 3);
}

TEST(ImageFolder, ImagesInSubfoldersAreReadInTheOrderOfTheirPaths) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  save_grey_png(folder / "train/b/patient7/s1.png", 4, 4, 70);
  save_grey_png(folder / "train/b/1/deep/s2.png", 4, 4, 80);
  const auto data = open("image-folder", folder.path(), {}, 4);
  const Manifest manifest = data->scan();
  EXPECT_EQ(manifest.train.labels, std::vector<int64_t>({0, 1, 1, 1, 1}));
  std::vector<int> first;
  for (const int64_t i : {1, 2, 3, 4})
    first.push_back(values(data->read(manifest, Split::kTrain, {i})).front());
  EXPECT_EQ(first, std::vector<int>({80, 10, 20, 70}));
  EXPECT_TRUE(manifest.remarks.empty());
}

TEST(ImageFolder, WhatIsLeftOutIsCountedByReason) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  namespace fs = std::filesystem;
  fs::create_symlink("nowhere.png", folder / "train/a/annex0.png");
  fs::create_symlink("nowhere.png", folder / "test/b/annex1.png");
  fs::create_symlink("ring.png", folder / "train/b/ring.png");
  fs::create_symlink("..", folder / "train/b/up");
  fs::create_symlink("10.png", folder / "train/b/same.png");
  for (const char* name : {"train/a/1.tif", "train/a/2.TIF", "train/b/3.webp", "train/b/none",
                           "train/loose.png", "train/.hidden.bmp"})
    save(folder / name, {'x'});
  const Manifest manifest = open("image-folder", folder.path())->scan();
  EXPECT_EQ(manifest.train.size(), 4);
  EXPECT_EQ(manifest.test.size(), 2);
  ASSERT_EQ(manifest.remarks.size(), 1U);
  for (const char* part :
       {"links that lead nowhere (3)", "links to a folder above (1)", "files *.tif (2)",
        "files *.webp (1)", "files without a suffix (1)", "images beside the class folders (1)"})
    EXPECT_NE(manifest.remarks[0].find(part), std::string::npos) << manifest.remarks[0];
  EXPECT_EQ(manifest.remarks[0].find("bmp"), std::string::npos);
}

TEST(ImageFolder, AClassOfLinksThatLeadNowhereSaysSo) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  std::filesystem::remove(folder / "train/a/x.JpEg");
  std::filesystem::create_symlink("nowhere", folder / "train/a/x.png");
  expect_scan_error(folder.path(), {"train/a'", "links that lead nowhere (1)"});
}

TEST(ImageFolder, TestImagesMayBeThoseOfValidation) {
  const TemporaryFolder folder;
  save_set(folder, "train", "val");
  expect_scan_error(folder.path(), {"no test folder", "data.test_split=val", "data.holdout=0.2"});
  const auto on_val = [](DataRequest* request) { request->test_split = TestSplit::kVal; };
  const auto data = open("image-folder", folder.path(), {}, 4, 1, {}, on_val);
  const Manifest manifest = data->scan();
  EXPECT_EQ(manifest.train.size(), 3);
  EXPECT_EQ(values(data->read(manifest, Split::kTest, {1})), std::vector<int>(16, 50));
  EXPECT_THROW(open("image-folder", folder.path(), {{"val", "train"}}, 4, 1, {}, on_val),
               ConfigError);
  std::filesystem::remove_all(folder / "val");
  expect_data_error([&] { data->scan(); }, {"no val folder"});
  const auto none = [](DataRequest* request) { request->wants_test = false; };
  EXPECT_EQ(open("image-folder", folder.path(), {}, 4, 1, {}, none)->scan().test.size(), 0);
}

TEST(ImageFolder, ReadingNotesWhatItSaw) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  save_png(folder / "train/a/0.png", 2, 1, 8, PNG_COLOR_TYPE_GRAY, {10, 73});  // 63 levels
  save_png(folder / "train/a/1.png", 2, 1, 8, PNG_COLOR_TYPE_GRAY, {10, 74});
  save_png(folder / "train/a/2.png", 2, 1, 8, PNG_COLOR_TYPE_RGB, {0, 0, 255, 9, 9, 9});
  save_png(folder / "train/a/3.png", 2, 1, 8, PNG_COLOR_TYPE_RGB, {0, 0, 0, 99, 99, 99});
  for (const int channels : {1, 3}) {
    const auto data = open("image-folder", folder.path(), {}, 4, channels);
    const Manifest manifest = data->scan();
    ReadNotes notes;
    data->read(manifest, Split::kTrain, {0, 1, 2, 3}, &notes);
    data->read(manifest, Split::kTrain, {0}, &notes);
    EXPECT_EQ(notes.narrow, 2);
    EXPECT_EQ(notes.colored, channels == 1 ? 1 : 0);
    EXPECT_EQ(notes.stray, 0);
  }
}

// 12 bits in 16: with sBIT they are scaled, without they are noted as dark.
TEST(ImageFolder, TwelveBitsAreScaledWhereTheFileSaysSo) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  const PngChunks twelve = [](png_structp png, png_infop info) {
    png_color_8 bits{};
    bits.gray = 12;
    png_set_sBIT(png, info, &bits);
  };
  const Bytes levels_0_1_2048_4095 = {0, 0, 0, 1, 8, 0, 15, 255};
  save_png(folder / "train/a/0.png", 2, 2, 16, PNG_COLOR_TYPE_GRAY, levels_0_1_2048_4095, {},
           twelve);
  save_png(folder / "train/a/1.png", 2, 2, 16, PNG_COLOR_TYPE_GRAY, levels_0_1_2048_4095);
  const auto data = open("image-folder", folder.path(), {}, 2);
  const Manifest manifest = data->scan();
  ReadNotes notes;
  const at::Tensor images = data->read(manifest, Split::kTrain, {0, 1}, &notes);
  EXPECT_EQ(levels(images[0]), std::vector<int>({0, 16, 32776, 65535}));  // 65535 / 4095 of each
  EXPECT_EQ(levels(images[1]), std::vector<int>({0, 1, 2048, 4095}));
  EXPECT_EQ(notes.narrow, 1);
}

TEST(ImageFolder, FaultsAreFoundWithoutReading) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  save(folder / "train/b/10.png", {});
  const auto data = open("image-folder", folder.path(), {}, 4);
  const Manifest manifest = data->scan();
  for (const Look look : {Look::kHeader, Look::kPixels}) {
    const std::vector<ImageFault> faults =
        data->find_faults(manifest, Split::kTrain, {0, 1, 2}, look);
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults[0].position, 1);
    EXPECT_EQ(faults[0].reason, "the file is empty");
    EXPECT_NE(faults[0].message.find("train/b/10.png"), std::string::npos);
  }
  EXPECT_TRUE(data->find_faults(manifest, Split::kTest, {0, 1}, Look::kPixels).empty());
}

TEST(ImageFolder, ValidationJoinsWhatTheOptionSays) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  save_grey_png(folder / "Valid/a/v.png", 4, 4, 60);
  save_grey_png(folder / "Valid/b/v.png", 4, 4, 70);
  const auto sizes = [&](const std::string& val) {
    const Manifest manifest = open("image-folder", folder.path(), {{"val", val}})->scan();
    return std::make_pair(manifest.train.size(), manifest.test.size());
  };
  EXPECT_EQ(sizes("ignore"), std::make_pair(int64_t{3}, int64_t{2}));
  EXPECT_EQ(sizes("train"), std::make_pair(int64_t{5}, int64_t{2}));
  EXPECT_EQ(sizes("test"), std::make_pair(int64_t{3}, int64_t{4}));
  std::filesystem::remove_all(folder / "Valid");
  expect_scan_error(folder.path(), {"val = train", "no val folder", "set val = ignore"}, "train");
}

TEST(ImageFolder, BadPathsAreRefused) {
  const TemporaryFolder folder;
  expect_scan_error(folder / "none", {"none", "does not exist"});
  save(folder / "file", {'x'});
  expect_scan_error(folder / "file", {"is not a folder"});
  expect_scan_error(folder.path(), {"no train folder", "folders found: none", "PATH/train/CLASS"});
}

TEST(ImageFolder, ClassFoldersWithoutSplitsAreExplained) {
  const TemporaryFolder folder;
  save_grey_png(folder / "glioma/a.png", 2, 2, 0);
  save_grey_png(folder / "notumor/a.png", 2, 2, 0);
  expect_scan_error(folder.path(), {"class folders (glioma, notumor) but no splits",
                                    "PATH/train/CLASS/IMAGE and PATH/test/CLASS/IMAGE"});
}

TEST(ImageFolder, AMissingSplitIsRefused) {
  const TemporaryFolder folder;
  save_grey_png(folder / "train/a/a.png", 2, 2, 0);
  expect_scan_error(folder.path(), {"no test folder", "folders found: train"});
}

TEST(ImageFolder, TwoFoldersOfOneSplitAreRefused) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  save_grey_png(folder / "Training/a/a.png", 2, 2, 0);
  expect_scan_error(folder.path(), {"Training", "train", "both the train split", "rename"});
}

TEST(ImageFolder, NoClassesAndEmptyClassesAreRefused) {
  const TemporaryFolder folder;
  save(folder / "train/loose.png", {'x'});
  save(folder / "test/loose.png", {'x'});
  expect_scan_error(folder.path(), {"train", "no class folders"});
  save_set(folder, "train", "test");
  std::filesystem::remove(folder / "test/b/z.png");
  expect_scan_error(folder.path(), {"test/b'", "no .png, .jpg or .jpeg file"});
}

TEST(ImageFolder, DifferentClassesAreListed) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  std::filesystem::rename(folder / "test/b", folder / "test/bb");
  expect_scan_error(folder.path(), {"missing b, only here bb", "the same class folders"});
}

TEST(ImageFolder, ADamagedImageIsNamed) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  save_start(folder / "test/b/z.png", folder / "train/b/10.png", 40);
  const auto data = open("image-folder", folder.path());
  const Manifest manifest = data->scan();
  expect_data_error(
      [&] {
        data->read(manifest, Split::kTrain, {0, 1});
      },
      {"cannot read image", "train/b/10.png"});
  EXPECT_THROW(data->read(manifest, Split::kTrain, {3}), Error);
}

// Two levels of 16 bits that 8 bits cannot tell apart, beside an image of 8 bits.
TEST(ImageFolder, SixteenBitsStayAmongEight) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  save_png(folder / "train/b/10.png", 2, 2, 16, PNG_COLOR_TYPE_GRAY,
           {0x12, 0x34, 0x12, 0x35, 0x00, 0x00, 0xff, 0xff});
  save_grey_png(folder / "train/b/2.PNG", 2, 2, 51);
  const auto data = open("image-folder", folder.path(), {}, 2);
  const Manifest manifest = data->scan();
  EXPECT_TRUE(manifest.pixels.deep);
  EXPECT_EQ(manifest.pixels.window.high, 65535);
  EXPECT_EQ(levels(data->read(manifest, Split::kTrain, {1, 2})),
            std::vector<int>({0x1234, 0x1235, 0, 0xffff, 0x3333, 0x3333, 0x3333, 0x3333}));
  EXPECT_EQ(data->read(manifest, Split::kTest, {0}).scalar_type(), at::kFloat);

  const auto windowed = open("image-folder", folder.path(), {}, 2, 1, Window{0x1234, 0x1236});
  const Manifest seen = windowed->scan();
  EXPECT_EQ(levels(windowed->read(seen, Split::kTrain, {1})),
            std::vector<int>({0, 32768, 0, 65535}));
}

TEST(ImageFolder, AnImageThatBecameDeeperIsNamed) {
  const TemporaryFolder folder;
  save_set(folder, "train", "test");
  const auto data = open("image-folder", folder.path(), {}, 2);
  const Manifest manifest = data->scan();
  EXPECT_FALSE(manifest.pixels.deep);
  save_png(folder / "train/b/10.png", 1, 1, 16, PNG_COLOR_TYPE_GRAY, {1, 2});
  expect_data_error([&] { data->read(manifest, Split::kTrain, {1}); },
                    {"train/b/10.png", "more than 8 bits"});
}

TEST(ImageFolder, RealBrainMriOfMixedModes) {
  with_real_data([](const std::string& root) {
    const auto data = open("image-folder", root + "/brain_tumor_mri", {}, 32, 3);
    const Manifest manifest = data->scan();
    EXPECT_EQ(manifest.class_names,
              std::vector<std::string>({"glioma", "meningioma", "notumor", "pituitary"}));
    for (int64_t label = 0; label < 4; ++label) {
      const auto& train = manifest.train.labels;
      const auto& test = manifest.test.labels;
      EXPECT_EQ(std::count(train.begin(), train.end(), label), 150);
      EXPECT_EQ(std::count(test.begin(), test.end(), label), 40);
    }
    std::vector<int64_t> all;
    for (int64_t i = 0; i < manifest.test.size(); ++i) all.push_back(i);
    const at::Tensor images = data->read(manifest, Split::kTest, all);
    EXPECT_EQ(images.sizes(), at::IntArrayRef({160, 3, 32, 32}));
    // Both kinds of files are in the set: with equal channels, and with colors.
    int64_t grey = 0;
    for (int64_t i = 0; i < 160; ++i) {
      const at::Tensor image = images.select(0, i);
      grey += image.select(0, 0).equal(image.select(0, 1)) ? 1 : 0;
    }
    EXPECT_GT(grey, 120);
  });
}

TEST(ImageFolder, RealChestXraysOfBothFormats) {
  with_real_data([](const std::string& root) {
    const auto data = open("image-folder", root + "/covid_cxr_3class", {}, 64);
    const Manifest manifest = data->scan();
    EXPECT_EQ(manifest.class_names,
              std::vector<std::string>({"Covid", "Normal", "Viral Pneumonia"}));
    EXPECT_EQ(manifest.train.size(), 180);
    EXPECT_EQ(manifest.test.size(), 60);
    const at::Tensor images = data->read(manifest, Split::kTrain, {0, 60, 120});
    EXPECT_EQ(images.sizes(), at::IntArrayRef({3, 1, 64, 64}));
    for (int64_t i = 0; i < 3; ++i)
      EXPECT_GT(images.select(0, i).to(at::kFloat).std().item<float>(), 10) << i;
  });
}

}  // namespace
}  // namespace medpfl
