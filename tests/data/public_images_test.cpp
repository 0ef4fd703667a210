#include <gtest/gtest.h>

#include "fixtures.hpp"

namespace medpfl {
namespace {

using namespace fixtures;  // NOLINT: the fixtures of these tests only

std::unique_ptr<Dataset> with_public(const std::string& name, const std::string& path,
                                     const std::string& public_path) {
  const auto& entry = datasets().find(name);
  DataRequest request;
  request.path = path;
  request.public_path = public_path;
  request.image_size = 2;
  return entry.create.make(OptionValues::defaults(entry.options), request);
}

class PublicFolder : public testing::Test {
 protected:
  PublicFolder() {
    for (const char* split : {"train", "test"})
      for (const char* name : {"a", "b", "c"})
        save_grey_png(folder_ / ("data/" + std::string(split) + "/" + name + "/1.png"), 2, 2, 9);
  }
  std::unique_ptr<Dataset> data() const {
    return with_public("image-folder", folder_ / "data", folder_ / "open");
  }

  TemporaryFolder folder_;
};

TEST_F(PublicFolder, ClassFoldersAloneAreRead) {
  save_grey_png(folder_ / "open/c/x.png", 2, 2, 70);
  save_grey_png(folder_ / "open/a/y.png", 2, 2, 80);
  const auto set = data();
  const Manifest manifest = set->scan();
  EXPECT_EQ(manifest.open.labels, std::vector<int64_t>({0, 2}));
  EXPECT_EQ(manifest.part(Split::kPublic).size(), 2);
  EXPECT_EQ(manifest.test.size(), 3);
  EXPECT_EQ(values(set->read(manifest, Split::kPublic, {1})), std::vector<int>(4, 70));
}

TEST_F(PublicFolder, AllSplitsArePublic) {
  for (const char* split : {"train", "test", "val"})
    save_grey_png(folder_ / ("open/" + std::string(split) + "/b/x.png"), 2, 2, 70);
  EXPECT_EQ(data()->scan().open.labels, std::vector<int64_t>({1, 1, 1}));
}

TEST_F(PublicFolder, UnknownClassesAreNamed) {
  save_grey_png(folder_ / "open/a/x.png", 2, 2, 70);
  save_grey_png(folder_ / "open/cyst/x.png", 2, 2, 70);
  expect_data_error([&] { data()->scan(); },
                    {"open'", "images of cyst are of no class", "a, b, c", "data.public_path"});
}

TEST_F(PublicFolder, WhatHoldsNoImageIsRefused) {
  expect_data_error([&] { data()->scan(); }, {"open'", "does not exist"});
  std::filesystem::create_directories(folder_ / "open/none");
  std::filesystem::remove(folder_ / "open/none");
  expect_data_error([&] { data()->scan(); }, {"open'", "no class folders"});
  std::filesystem::create_directories(folder_ / "open/a/none");
  expect_data_error([&] { data()->scan(); }, {"open/a'", "no .png, .jpg or .jpeg file"});
}

TEST_F(PublicFolder, DoesNotDecideTheDepthOfPixels) {
  save_png(folder_ / "open/a/x.png", 1, 1, 16, PNG_COLOR_TYPE_GRAY, {1, 2});
  expect_data_error([&] { data()->scan(); }, {"open'", "more than 8 bits", "data.window"});
  save_png(folder_ / "data/train/a/deep.png", 1, 1, 16, PNG_COLOR_TYPE_GRAY, {1, 2});
  EXPECT_TRUE(data()->scan().pixels.deep);
}

class PublicArchive : public testing::Test {
 protected:
  std::string save_set(const std::string& name, const std::string& labels, unsigned char first) {
    const auto label = static_cast<unsigned char>(labels[0] - '0');
    const Bytes one = npy("|u1", "(1, 2, 2)", ramp(4, first));
    const Bytes two = npy("|u1", "(1, 2, 2)", ramp(4, static_cast<unsigned char>(first + 10)));
    save_npz(folder_ / name,
             {{"train_images", one},
              {"train_labels", npy("|u1", "(1, 1)", {0})},
              {"test_images", two},
              {"test_labels", npy("|u1", "(1, 1)", {label})}},
             ZIP_CM_DEFLATE);
    return folder_ / name;
  }

  TemporaryFolder folder_;
};

TEST_F(PublicArchive, AllImagesArePublic) {
  const auto set =
      with_public("medmnist", save_set("data.npz", "1", 0), save_set("open.npz", "1", 100));
  const Manifest manifest = set->scan();
  EXPECT_EQ(manifest.open.labels, std::vector<int64_t>({0, 1}));
  EXPECT_EQ(values(set->read(manifest, Split::kPublic, {1, 0})),
            std::vector<int>({110, 111, 112, 113, 100, 101, 102, 103}));
  EXPECT_EQ(values(set->read(manifest, Split::kTest, {0})), std::vector<int>({10, 11, 12, 13}));
}

TEST_F(PublicArchive, UnknownClassesAreNamed) {
  const auto set =
      with_public("medmnist", save_set("data.npz", "1", 0), save_set("open.npz", "2", 100));
  expect_data_error([&] { set->scan(); }, {"open.npz'", "class 2", "0 to 1"});
}

}  // namespace
}  // namespace medpfl
