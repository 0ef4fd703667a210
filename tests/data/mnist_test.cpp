#include <gtest/gtest.h>

#include <algorithm>

#include "fixtures.hpp"

namespace medpfl {
namespace {

using namespace fixtures;  // NOLINT: the fixtures of these tests only

Bytes idx_images(unsigned char count, const Bytes& pixels, unsigned char magic = 3) {
  Bytes out = {0, 0, 8, magic, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 2};
  for (const auto pixel : pixels) out.push_back(pixel);
  return out;
}

Bytes idx_labels(unsigned char count, const Bytes& labels, unsigned char magic = 1) {
  Bytes out = {0, 0, 8, magic, 0, 0, 0, count};
  for (const auto label : labels) out.push_back(label);
  return out;
}

void save_train(const TemporaryFolder& folder) {
  save(folder / "train-images-idx3-ubyte", idx_images(3, ramp(12)));
  save(folder / "train-labels-idx1-ubyte", idx_labels(3, {7, 0, 9}));
}

void save_test(const TemporaryFolder& folder, const std::string& mark = "-") {
  save_gz(folder / ("t10k-images" + mark + "idx3-ubyte.gz"), idx_images(2, ramp(8, 100)));
  save_gz(folder / ("t10k-labels" + mark + "idx1-ubyte.gz"), idx_labels(2, {1, 2}));
}

void expect_scan_error(const TemporaryFolder& folder, const std::vector<std::string>& parts) {
  expect_data_error([&] { open("mnist", folder.path())->scan(); }, parts);
}

class MnistSpelling : public testing::TestWithParam<const char*> {};

TEST_P(MnistSpelling, PlainAndGzip) {
  const TemporaryFolder folder;
  save_train(folder);
  save_test(folder, GetParam());
  const auto set = open("mnist", folder.path(), {}, 2);
  const Manifest manifest = set->scan();
  EXPECT_EQ(manifest.classes(), 10);
  EXPECT_EQ(manifest.train.labels, std::vector<int64_t>({7, 0, 9}));
  EXPECT_EQ(manifest.test.labels, std::vector<int64_t>({1, 2}));
  EXPECT_EQ(values(set->read(manifest, Split::kTrain, {2, 1})),
            std::vector<int>({8, 9, 10, 11, 4, 5, 6, 7}));
  EXPECT_EQ(values(set->read(manifest, Split::kTest, {0})), std::vector<int>({100, 101, 102, 103}));
}

INSTANTIATE_TEST_SUITE_P(Spellings, MnistSpelling, testing::Values("-", "."));

TEST(Mnist, TestFilesAloneAreSplit) {
  const TemporaryFolder folder;
  save_gz(folder / "t10k-images-idx3-ubyte.gz", idx_images(14, ramp(56)));
  save(folder / "t10k-labels-idx1-ubyte",
       idx_labels(14, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3}));
  const auto set = open("mnist", folder.path(), {}, 2);
  const Manifest manifest = set->scan();
  EXPECT_EQ(manifest.train.size(), 12);
  EXPECT_EQ(manifest.test.labels, std::vector<int64_t>({2, 3}));
  EXPECT_EQ(manifest.test.ids, std::vector<int64_t>({12, 13}));
  EXPECT_EQ(values(set->read(manifest, Split::kTest, {1})), std::vector<int>({52, 53, 54, 55}));
  EXPECT_EQ(values(set->read(manifest, Split::kTrain, {0})), std::vector<int>({0, 1, 2, 3}));
}

TEST(Mnist, MissingFilesAreListed) {
  const TemporaryFolder folder;
  expect_scan_error(folder, {"no MNIST in folder", "train-images-idx3-ubyte[.gz]",
                             "t10k-labels-idx1-ubyte[.gz]"});
  save_train(folder);
  expect_scan_error(folder, {"missing t10k-images-idx3-ubyte[.gz], t10k-labels-idx1-ubyte[.gz];"});
  save_test(folder);
  std::filesystem::remove(folder / "train-labels-idx1-ubyte");
  expect_scan_error(folder, {"missing train-labels-idx1-ubyte[.gz];"});
}

TEST(Mnist, WrongContentIsRefused) {
  const TemporaryFolder folder;
  save_train(folder);
  save_test(folder);
  save(folder / "train-labels-idx1-ubyte", idx_labels(3, {7, 0, 9}, 3));
  expect_scan_error(folder, {"train-labels", "0x00000803", "0x00000801"});
  save(folder / "train-labels-idx1-ubyte", idx_labels(3, {7, 10, 9}));
  expect_scan_error(folder, {"label 10 of image 1 is not a digit"});
  save(folder / "train-labels-idx1-ubyte", idx_labels(2, {7, 9}));
  expect_scan_error(folder, {"3 images", "2 labels"});
  save(folder / "train-labels-idx1-ubyte", idx_labels(2, {7, 9, 1}));
  expect_scan_error(folder, {"goes on after its last element"});
  save(folder / "train-labels-idx1-ubyte", idx_labels(3, {7}));
  expect_scan_error(folder, {"train-labels", "truncated, 1 bytes are missing"});
}

TEST(Mnist, SizesThatNoImageHasAreRefused) {
  const TemporaryFolder folder;
  save(folder / "t10k-labels-idx1-ubyte", idx_labels(2, {0, 1}));
  // 44,801 x 32,769 pixels: either side is allowed.
  save(folder / "t10k-images-idx3-ubyte",
       {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0xAF, 1, 0, 0, 0x80, 1, 5});
  expect_scan_error(folder, {"t10k-images-idx3-ubyte", "images of 32769 x 44801 pixels"});
}

TEST(Mnist, DamagedImagesAreRefused) {
  const TemporaryFolder folder;
  save_train(folder);
  save_test(folder);
  const auto read = [&](Split split) {
    const auto set = open("mnist", folder.path(), {}, 2);
    const Manifest manifest = set->scan();
    set->read(manifest, split, {0});
  };
  save(folder / "train-images-idx3-ubyte", idx_images(3, ramp(11)));
  expect_data_error([&] { read(Split::kTrain); }, {"train-images", "truncated"});
  save(folder / "train-images-idx3-ubyte", idx_images(3, ramp(13)));
  expect_data_error([&] { read(Split::kTrain); }, {"train-images", "goes on after"});

  const std::string gz = folder / "t10k-images-idx3-ubyte.gz";
  Bytes bytes = load(gz);
  bytes[bytes.size() - 6] ^= 1;  // in the checksum
  save(gz, bytes);
  expect_data_error([&] { read(Split::kTest); }, {"t10k-images", "incorrect data check"});
  save_test(folder);
  save_start(gz, gz, load(gz).size() - 12);
  expect_data_error([&] { read(Split::kTest); }, {"t10k-images", "unexpected end of file"});
}

TEST(Mnist, RealTestFiles) {
  with_real_data([](const std::string& root) {
    const auto set = open("mnist", root + "/mnist_t10k");
    const Manifest manifest = set->scan();
    EXPECT_EQ(manifest.train.size(), 8571);
    EXPECT_EQ(manifest.test.size(), 1429);
    const std::vector<int64_t> first(manifest.train.labels.begin(),
                                     manifest.train.labels.begin() + 5);
    EXPECT_EQ(first, std::vector<int64_t>({7, 2, 1, 0, 4}));
    const at::Tensor images = set->read(manifest, Split::kTrain, {0, 8570});
    // Sums by numpy.
    EXPECT_EQ(images.select(0, 0).to(at::kLong).sum().item<int64_t>(), 18454);
    EXPECT_EQ(images.select(0, 1).to(at::kLong).sum().item<int64_t>(), 33657);
  });
}

}  // namespace
}  // namespace medpfl
