#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "fixtures.hpp"

namespace medpfl {
namespace {

using namespace fixtures;  // NOLINT: the fixtures of these tests only

// 3 train, 2 val and 2 test images of 2 x 2 pixels; members can be replaced before saving.
class MedMnist : public testing::Test {
 protected:
  MedMnist() {
    members_ = {{"train_images", npy("|u1", "(3, 2, 2)", ramp(12))},
                {"train_labels", npy("|u1", "(3, 1)", {0, 1, 0})},
                {"val_images", npy("|u1", "(2, 2, 2)", ramp(8, 100))},
                {"val_labels", npy("|u1", "(2, 1)", {1, 2})},
                {"test_images", npy("|u1", "(2, 2, 2)", ramp(8, 200))},
                {"test_labels", npy("|u1", "(2, 1)", {1, 0})}};
  }

  std::string saved(zip_int32_t method = ZIP_CM_DEFLATE) {
    std::vector<std::pair<std::string, Bytes>> list(members_.begin(), members_.end());
    save_npz(folder_ / "tiny.npz", list, method);
    return folder_ / "tiny.npz";
  }

  std::unique_ptr<Dataset> data(const std::string& val = "ignore",
                                const std::optional<Window>& window = {}) {
    return open("medmnist", saved(), {{"val", val}}, 2, 1, window);
  }

  // All images, of one type; the first of the training split is `first`.
  void set_images(const std::string& descr, Bytes first) {
    const size_t size = first.size();
    members_["test_images"] = npy(descr, "(2, 2, 2)", Bytes(2 * size));
    first.resize(3 * size);
    members_["train_images"] = npy(descr, "(3, 2, 2)", first);
  }

  at::Tensor first_image(const std::optional<Window>& window = {}) {
    const auto set = data("ignore", window);
    return set->read(set->scan(), Split::kTrain, {0});
  }

  void expect_scan_error(const std::vector<std::string>& parts) {
    expect_data_error([&] { data()->scan(); }, parts);
  }

  TemporaryFolder folder_;
  std::map<std::string, Bytes> members_;
};

TEST_F(MedMnist, ScanAndRead) {
  const auto set = data();
  const Manifest manifest = set->scan();
  EXPECT_EQ(manifest.class_names, std::vector<std::string>({"0", "1", "2"}));
  EXPECT_EQ(manifest.train.labels, std::vector<int64_t>({0, 1, 0}));
  EXPECT_EQ(manifest.train.ids, std::vector<int64_t>({0, 1, 2}));
  EXPECT_EQ(manifest.test.labels, std::vector<int64_t>({1, 0}));
  EXPECT_TRUE(manifest.train.files.empty());
  const at::Tensor images = set->read(manifest, Split::kTrain, {2, 0, 2});
  EXPECT_EQ(values(images), std::vector<int>({8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11}));
  EXPECT_EQ(values(set->read(manifest, Split::kTest, {1})), std::vector<int>({204, 205, 206, 207}));
  EXPECT_EQ(set->read(manifest, Split::kTest, {}).size(0), 0);
  EXPECT_THROW(set->read(manifest, Split::kTest, {2}), Error);
}

TEST_F(MedMnist, ValidationJoinsTrainOrTest) {
  const auto set = data("train");
  const Manifest manifest = set->scan();
  EXPECT_EQ(manifest.train.labels, std::vector<int64_t>({0, 1, 0, 1, 2}));
  EXPECT_EQ(manifest.test.size(), 2);
  EXPECT_EQ(values(set->read(manifest, Split::kTrain, {4, 1})),
            std::vector<int>({104, 105, 106, 107, 4, 5, 6, 7}));
  EXPECT_EQ(data("test")->scan().test.labels, std::vector<int64_t>({1, 0, 1, 2}));
}

TEST_F(MedMnist, LimitedPartsKeepTheirRows) {
  const auto set = data();
  Manifest manifest = set->scan();
  limit_images(&manifest.train, 2, 3);
  EXPECT_EQ(manifest.train.ids, std::vector<int64_t>({0, 1}));
  limit_images(&manifest.test, 1, 3);
  EXPECT_EQ(values(set->read(manifest, Split::kTest, {0})), std::vector<int>({204, 205, 206, 207}));
}

TEST_F(MedMnist, ColourAndStoredMembers) {
  members_["train_images"] = npy("|u1", "(3, 2, 2, 3)", ramp(36), "False", 2);
  const auto set = open("medmnist", saved(ZIP_CM_STORE), {}, 2, 3);
  const Manifest manifest = set->scan();
  EXPECT_EQ(values(set->read(manifest, Split::kTrain, {1})),
            std::vector<int>({12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23}));
}

TEST_F(MedMnist, AChannelOfItsOwnIsGray) {
  members_["train_images"] = npy("|u1", "(3, 2, 2, 1)", ramp(12));
  const auto set = data();
  EXPECT_EQ(values(set->read(set->scan(), Split::kTrain, {1})), std::vector<int>({4, 5, 6, 7}));
}

// The elements of a C-ordered array [shape], of `item` bytes each, with the first index fastest.
Bytes in_fortran_order(const Bytes& rows, std::vector<size_t> shape, size_t item) {
  Bytes out(rows.size());
  std::vector<size_t> index(shape.size(), 0);
  for (size_t at = 0; at < rows.size(); at += item) {
    size_t place = 0;
    for (size_t d = shape.size(); d-- > 0;) place = place * shape[d] + index[d];
    std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(at), item,
                out.begin() + static_cast<std::ptrdiff_t>(place * item));
    for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];) index[d] = 0;
  }
  return out;
}

TEST_F(MedMnist, FortranOrderGivesTheSameImages) {
  EXPECT_EQ(in_fortran_order({1, 2, 3, 4, 5, 6}, {2, 3}, 1), Bytes({1, 4, 2, 5, 3, 6}));
  const std::vector<std::tuple<std::string, std::string, std::vector<size_t>, size_t>> kinds = {
      {"|u1", "(3, 2, 5)", {3, 2, 5}, 1},
      {"|u1", "(3, 2, 5, 3)", {3, 2, 5, 3}, 1},
      {"<u2", "(3, 2, 5)", {3, 2, 5}, 2}};
  for (const auto& [descr, text, shape, item] : kinds) {
    size_t bytes = item;
    for (const size_t extent : shape) bytes *= extent;
    std::string test_text = text;
    test_text[1] = '2';
    members_["test_images"] = npy(descr, test_text, Bytes(bytes / 3 * 2));
    const auto read = [&] {
      const auto set = open("medmnist", saved(), {}, 2, 3);
      return set->read(set->scan(), Split::kTrain, {2, 0, 2});
    };
    members_["train_images"] = npy(descr, text, ramp(bytes, 7));
    const at::Tensor expected = read();
    members_["train_images"] =
        npy(descr, text, in_fortran_order(ramp(bytes, 7), shape, item), "True");
    EXPECT_TRUE(read().equal(expected)) << text;
  }
}

TEST_F(MedMnist, TestImagesMayBeThoseOfValidation) {
  members_.erase("test_images");
  members_.erase("test_labels");
  const auto set = open("medmnist", saved(), {}, 2, 1, {},
                        [](DataRequest* request) { request->test_split = TestSplit::kVal; });
  const Manifest manifest = set->scan();
  EXPECT_EQ(manifest.test.labels, std::vector<int64_t>({1, 2}));
  EXPECT_EQ(values(set->read(manifest, Split::kTest, {1})), std::vector<int>({104, 105, 106, 107}));
  const auto none = [](DataRequest* request) { request->wants_test = false; };
  EXPECT_EQ(open("medmnist", saved(), {}, 2, 1, {}, none)->scan().test.size(), 0);
}

TEST_F(MedMnist, EveryIntegerTypeOfLabels) {
  const std::vector<std::pair<std::string, Bytes>> types = {
      {"|i1", {2, 1, 0}},
      {"<i2", {2, 0, 1, 0, 0, 0}},
      {"<u2", {2, 0, 1, 0, 0, 0}},
      {">u2", {0, 2, 0, 1, 0, 0}},
      {"<i4", {2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}},
      {"<i8", {2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}};
  for (const auto& [descr, bytes] : types) {
    members_["train_labels"] = npy(descr, "(3,)", bytes);
    EXPECT_EQ(data()->scan().train.labels, std::vector<int64_t>({2, 1, 0})) << descr;
  }
}

TEST_F(MedMnist, FolderAndName) {
  saved();
  EXPECT_EQ(open("medmnist", folder_.path(), {{"name", "tiny"}})->scan().train.size(), 3);
  expect_data_error([&] { open("medmnist", folder_.path())->scan(); },
                    {"it is a folder", "option name"});
  expect_data_error(
      [&] {
        open("medmnist", folder_.path(), {{"name", "big"}})->scan();
      },
      {"big.npz", "does not exist"});
  expect_data_error([&] { open("medmnist", folder_ / "no.npz")->scan(); },
                    {"no.npz", "does not exist"});
}

TEST_F(MedMnist, MissingKeysListWhatIsThere) {
  members_.erase("test_labels");
  expect_scan_error({"no array test_labels",
                     "wanted: train_images, train_labels, test_images, test_labels",
                     "found: test_images, train_images, train_labels, val_images, val_labels"});
}

TEST_F(MedMnist, ShapesAndTypesAreChecked) {
  members_["train_labels"] = npy("|u1", "(3, 2)", ramp(6));
  expect_scan_error({"train_labels", "(3, 2)", "several labels"});
  members_["train_labels"] = npy("<f4", "(3,)", ramp(12));
  expect_scan_error({"labels must be integers, not <f4"});
  members_["train_labels"] = npy("|i1", "(3,)", {0, 255, 1});
  expect_scan_error({"train_labels", "label -1 of image 1"});
  members_["train_labels"] = npy("|u1", "(2,)", {0, 1});
  expect_scan_error({"3 images and 2 labels"});
  members_["train_images"] = npy("|u1", "(3, 4)", ramp(12));
  expect_scan_error({"(N, H, W)", "(3, 4)"});
  members_["train_images"] = npy("|b1", "(3, 2, 2)", ramp(12));
  expect_scan_error({"integers or floating-point numbers, not |b1"});
  members_["train_labels"] = npy("|u1", "(3,)", {0, 1, 0});
  members_["train_images"] = npy("<f4", "(3, 2, 2)", ramp(48));
  expect_scan_error({"test_images", "another depth", "one type"});
}

TEST_F(MedMnist, SixteenBitsKeepTheirLevels) {
  set_images("<u2", {0x34, 0x12, 0x35, 0x12, 0, 0, 0xff, 0xff});
  EXPECT_EQ(data()->scan().pixels.window.high, 65535);
  EXPECT_EQ(levels(first_image()), std::vector<int>({0x1234, 0x1235, 0, 0xffff}));
  set_images(">u2", {0x12, 0x34, 0x12, 0x35, 0, 0, 0xff, 0xff});
  EXPECT_EQ(levels(first_image()), std::vector<int>({0x1234, 0x1235, 0, 0xffff}));
  // 12 bits in 16: the window says where white is.
  set_images("<u2", {0xff, 0x0f, 0, 0, 0xff, 0xff, 0x01, 0});
  EXPECT_EQ(levels(first_image(Window{0, 4095})), std::vector<int>({65535, 0, 65535, 16}));
}

TEST_F(MedMnist, SignedLevelsNeedAWindow) {
  set_images("<i2", {0x18, 0xfc, 0, 0, 0xe8, 0x03, 0xff, 0x7f});  // -1000, 0, 1000, 32767
  expect_scan_error({"<i2 does not say which level is white", "data.window"});
  const std::vector<int> expected = {0, 32768, 65535, 65535};
  EXPECT_EQ(levels(first_image(Window{-1000, 1000})), expected);
}

TEST_F(MedMnist, RealLevelsAreFrom0To1WithoutAWindow) {
  const Bytes one = {0, 0, 0x80, 0x3f}, half = {0, 0, 0, 0x3f}, nan = {0, 0, 0xc0, 0x7f};
  const auto set_first = [&](const Bytes& third) {
    Bytes four(8);
    four.insert(four.end(), half.begin(), half.end());
    four.insert(four.end(), third.begin(), third.end());
    set_images("<f4", four);
  };
  set_first(one);
  EXPECT_EQ(levels(first_image()), std::vector<int>({0, 0, 32768, 65535}));
  set_first({0, 0, 0, 0x40});  // 2
  expect_data_error([&] { first_image(); },
                    {"image 0 of", "tiny.npz", "from 0 to 2", "white is 1", "data.window"});
  EXPECT_EQ(levels(first_image(Window{0, 2})), std::vector<int>({0, 0, 16384, 65535}));
  set_first(nan);
  expect_data_error([&] { first_image(Window{0, 2}); }, {"image 0 of", "nan", "no number"});
}

TEST_F(MedMnist, HeadersAreChecked) {
  members_["train_images"] = npy("|u1", "(3, 2, 2)", ramp(12), "Maybe");
  expect_scan_error({"malformed header"});
  members_["train_images"] = npy("|u1", "(3, -2, 2)", ramp(12));
  expect_scan_error({"malformed header"});
  members_["train_images"] = npy("|u1", "(9223372036854775807, 8, 8)", ramp(12));
  expect_scan_error({"malformed header"});
  members_["train_images"] = npy("|V", "(3, 2, 2)", ramp(12));
  expect_scan_error({"dtype not understood"});
  members_["train_images"] = npy("|u1", "(3, 2, 2)", ramp(12), "False", 3);
  expect_scan_error({"version 3.0"});
  members_["train_images"] = Bytes(100, 'x');
  expect_scan_error({"does not start as a .npy file"});
  members_["train_images"] = {0x93, 'N', 'U'};
  expect_scan_error({"train_images", "ends 5 bytes early"});
}

TEST_F(MedMnist, LengthsMustMatchTheShape) {
  members_["train_images"] = npy("|u1", "(3, 2, 2)", ramp(11));
  expect_scan_error({"train_images", "shape (3, 2, 2)", "fetch the file again"});
  members_["train_images"] = npy("|u1", "(3, 2, 2)", ramp(13));
  expect_scan_error({"train_images", "shape (3, 2, 2)"});
}

TEST_F(MedMnist, DamagedArchivesAreRefused) {
  const Bytes good = load(saved(ZIP_CM_STORE));
  for (const size_t size : {size_t{0}, size_t{50}, good.size() / 2, good.size() - 10}) {
    save_start(folder_ / "tiny.npz", folder_ / "cut.npz", size);
    expect_data_error([&] { open("medmnist", folder_ / "cut.npz")->scan(); },
                      {"cut.npz", "fetch the file again"});
  }
  // One pixel changed in a stored member: only the checksum tells.
  Bytes bad = good;
  const Bytes pixels = ramp(8, 200);
  const auto at = std::search(bad.begin(), bad.end(), pixels.begin(), pixels.end());
  ASSERT_NE(at, bad.end());
  *at ^= 1;
  save(folder_ / "bad.npz", bad);
  const auto set = open("medmnist", folder_ / "bad.npz", {}, 2);
  const Manifest manifest = set->scan();
  expect_data_error([&] { set->read(manifest, Split::kTest, {1}); },
                    {"bad.npz':test_images", "CRC"});
}

TEST(MedMnistReal, BothLabelShapesGiveTheSameSet) {
  with_real_data([](const std::string& root) {
    const auto a = open("medmnist", root + "/medmnist", {{"name", "breastmnist"}});
    const auto b = open("medmnist", root + "/medmnist/variants/BreastMNIST_labels1d.npz");
    const Manifest first = a->scan(), second = b->scan();
    EXPECT_EQ(first.classes(), 2);
    EXPECT_EQ(first.train.size(), 546);
    EXPECT_EQ(first.test.size(), 156);
    EXPECT_EQ(std::count(first.train.labels.begin(), first.train.labels.end(), 0), 147);
    EXPECT_EQ(first.train.labels, second.train.labels);
    EXPECT_EQ(first.test.labels, second.test.labels);
    std::vector<int64_t> all;
    for (int64_t i = 0; i < 546; ++i) all.push_back(i);
    const at::Tensor images = a->read(first, Split::kTrain, all);
    EXPECT_TRUE(images.equal(b->read(second, Split::kTrain, all)));
    // Sum of all pixels by numpy.
    EXPECT_EQ(images.to(at::kLong).sum().item<int64_t>(), 35757482);
  });
}

TEST(MedMnistReal, RetinaIsInColour) {
  with_real_data([](const std::string& root) {
    const auto set = open("medmnist", root + "/medmnist/retinamnist.npz", {}, 28, 3);
    const Manifest manifest = set->scan();
    const std::vector<int64_t> counts = {486, 128, 206, 194, 66};
    for (int64_t label = 0; label < 5; ++label)
      EXPECT_EQ(std::count(manifest.train.labels.begin(), manifest.train.labels.end(), label),
                counts[static_cast<size_t>(label)]);
    const at::Tensor image = set->read(manifest, Split::kTrain, {7}).select(0, 0);
    // Sum of each channel by numpy.
    const std::vector<int64_t> sums = {74222, 32269, 22961};
    for (int64_t c = 0; c < 3; ++c)
      EXPECT_EQ(image.select(0, c).to(at::kLong).sum().item<int64_t>(),
                sums[static_cast<size_t>(c)]);
  });
}

}  // namespace
}  // namespace medpfl
