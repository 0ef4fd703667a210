#include "data/image_array.hpp"

#include <gtest/gtest.h>

#include "../core/refusal.hpp"

namespace medpfl {
namespace {

using Shape = std::vector<int64_t>;

NpyHeader array(const std::string& descr, Shape shape) {
  NpyHeader header;
  header.where = "an array";
  header.descr = descr;
  header.kind = descr[1];
  header.item_bytes = descr[2] - '0';
  header.shape = std::move(shape);
  return header;
}

// Labels of one byte each, as a stream of them.
std::vector<int64_t> labels_of(std::vector<unsigned char> bytes, const Shape& shape,
                               const std::string& descr = "|u1") {
  size_t next = 0;
  return read_labels(array(descr, shape), [&](void* out, size_t count) {
    for (size_t i = 0; i < count; ++i) static_cast<unsigned char*>(out)[i] = bytes.at(next++);
  });
}

TEST(ImageArray, RowsAreGrayOrOfThreeChannels) {
  const RowShape gray = image_shape(array("|u1", {5, 2, 3}));
  EXPECT_EQ(gray.height, 2);
  EXPECT_EQ(gray.width, 3);
  EXPECT_EQ(gray.channels, 1);
  EXPECT_EQ(gray.bytes(), 6);
  EXPECT_EQ(image_shape(array("<f4", {5, 2, 3, 3})).bytes(), 72);
  EXPECT_EQ(image_shape(array("|u1", {5, 2, 3, 1})).bytes(), 6);
  const auto refused = [](const std::string& descr, const Shape& shape) {
    return refusal<DataError>([&] { image_shape(array(descr, shape)); });
  };
  EXPECT_EQ(refused("|b1", {5, 2, 3}),
            "cannot use an array: images must be integers or floating-point numbers, not |b1");
  for (const Shape& shape : {Shape{5, 2}, Shape{5, 2, 3, 4}, Shape{5}})
    EXPECT_NE(refused("|u1", shape)
                  .find("must be of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3), not (5"),
              std::string::npos);
  EXPECT_NE(refused("|u1", {5, 0, 3}).find("a side must be in [1, 65000]"), std::string::npos);
}

TEST(ImageArray, WhiteIsThatOfTheTypeOrIsLeftToTheWindow) {
  EXPECT_EQ(white_level(array("|u1", {}), {}), 255);
  EXPECT_EQ(white_level(array("<f4", {}), {}), 1);
  EXPECT_EQ(white_level(array("<i2", {}), Window{0, 9}), 0);
  EXPECT_NE(refusal<DataError>([] {
              white_level(array("<i2", {}), {});
            }).find("its type <i2 does not say which level is white; set data.window"),
            std::string::npos);
}

TEST(ImageArray, LabelsAreClassesOnePerImage) {
  EXPECT_EQ(labels_of({1, 0, 2}, {3}), Shape({1, 0, 2}));
  EXPECT_EQ(labels_of({1, 0, 2}, {3, 1}), Shape({1, 0, 2}));
  std::vector<unsigned char> many(5000, 7);
  EXPECT_EQ(labels_of(many, {5000}), Shape(5000, 7));
  const auto refused = [](const std::string& descr, const Shape& shape) {
    return refusal<DataError>([&] { labels_of({1, 255}, shape, descr); });
  };
  EXPECT_EQ(refused("|i1", {2}),
            "cannot use an array: label -1 of image 1 is not a class in 0 ... 9999");
  EXPECT_EQ(refused("<f4", {2}), "cannot use an array: labels must be integers, not <f4");
  EXPECT_NE(refused("|u1", {1, 2}).find("not (1, 2); sets with several labels an image"),
            std::string::npos);
}

TEST(ImageArray, OneHotLabelsAreCalledSo) {
  const auto refused = [](const std::string& descr, const Shape& shape,
                          const std::vector<unsigned char>& bytes) {
    return refusal<DataError>([&] { labels_of(bytes, shape, descr); });
  };
  const std::string expected =
      "cannot use an array: its labels are one-hot, of shape (2, 3): save labels.argmax(axis=1)";
  EXPECT_EQ(refused("|u1", {2, 3}, {0, 1, 0, 1, 0, 0}), expected);
  EXPECT_EQ(refused("|b1", {2, 3}, {0, 1, 0, 1, 0, 0}), expected);
  EXPECT_EQ(refused("<f2", {2, 3}, {0, 0, 0, 0x3c, 0, 0, 0, 0x3c, 0, 0, 0, 0}), expected);
  // Two findings in one image, or none, are labels of another kind.
  for (const std::vector<unsigned char>& bytes :
       {std::vector<unsigned char>{0, 1, 1, 1, 0, 0}, {0, 0, 0, 1, 0, 0}, {0, 2, 0, 1, 0, 0}})
    EXPECT_NE(refused("|u1", {2, 3}, bytes).find("several labels an image"), std::string::npos);
}

TEST(ImageArray, ThereAreAsManyLabelsAsImages) {
  require_label_for_each(array("|u1", {2, 4, 4}), {0, 1});
  for (const Shape& labels : {Shape{0}, Shape{0, 1, 2}})
    EXPECT_NE(refusal<DataError>([&] {
                require_label_for_each(array("|u1", {2, 4, 4}), labels);
              }).find("there are 2 images and " + std::to_string(labels.size()) + " labels"),
              std::string::npos);
  EXPECT_NE(refusal<DataError>([] { require_label_for_each(array("|u1", {0, 4, 4}), {}); }), "");
}

TEST(ImageArray, RowsOfAPartKeepTheirPlaceInTheSource) {
  Manifest::Part part;
  append_rows({5, 6, 7, 8}, 1, 3, 10, &part);
  append_rows({9}, 0, 1, part.size(), &part);
  EXPECT_EQ(part.labels, Shape({6, 7, 9}));
  EXPECT_EQ(part.ids, Shape({10, 11, 2}));
  EXPECT_EQ(numbered_classes(2), std::vector<std::string>({"0", "1"}));
}

}  // namespace
}  // namespace medpfl
