#include "federation/data_digests.hpp"

#include <gtest/gtest.h>

#include "core/digest.hpp"

namespace medpfl {
namespace {

std::string digests(const std::vector<std::string>& images) {
  std::string out;
  for (const std::string& image : images) {
    Digest digest;
    digest.add(image);
    out += digest.bytes();
  }
  return out;
}

TEST(DataDigests, SharedImagesAreCountedEachTimeTheyCome) {
  const std::string known = digests({"a", "b", "b", "c"});
  EXPECT_EQ(count_shared(digests({"b", "x", "b", "c"}), known), 3);
  EXPECT_EQ(count_shared(digests({"x", "y"}), known), 0);
  EXPECT_EQ(count_shared("", known), 0);
  EXPECT_EQ(count_shared(known, ""), 0);
}

TEST(DataDigests, ImagesWithTwoLabelsAreCountedEachTimeTheyCome) {
  const std::string images = digests({"a", "b", "b", "c", "b"});
  EXPECT_EQ(count_contradicting(images, {0, 1, 2, 2, 1}), 3);
  EXPECT_EQ(count_contradicting(images, {0, 1, 1, 1, 1}), 0);
  EXPECT_EQ(count_contradicting("", {}), 0);
}

TEST(DataDigests, TheDigestOfImagesIsThatOfTheirDigests) {
  Digest whole;
  whole.add(digests({"a", "b"}));
  EXPECT_EQ(digest_images(digests({"a", "b"})), whole.text());
  EXPECT_NE(digest_images(digests({"b", "a"})), whole.text());
  EXPECT_EQ(digest_images(""), "");
}

}  // namespace
}  // namespace medpfl
