#include "federation/image_sources.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "../core/refusal.hpp"
#include "federation/image_remarks.hpp"

namespace medpfl {
namespace {

// So many training images of each class, one after the other.
Manifest manifest_of(const std::vector<int64_t>& counts) {
  Manifest manifest;
  for (size_t label = 0; label < counts.size(); ++label) {
    manifest.class_names.push_back("c" + std::to_string(label));
    for (int64_t i = 0; i < counts[label]; ++i) {
      manifest.train.labels.push_back(static_cast<int64_t>(label));
      manifest.train.ids.push_back(manifest.train.size() - 1);
    }
  }
  return manifest;
}

std::vector<int64_t> counts_of(const Manifest::Part& part, int64_t classes) {
  std::vector<int64_t> counts;
  for (int64_t label = 0; label < classes; ++label)
    counts.push_back(std::count(part.labels.begin(), part.labels.end(), label));
  return counts;
}

TEST(HoldOut, TakesAShareOfEachClassAndLeavesOne) {
  Manifest manifest = manifest_of({10, 5, 1, 2});
  hold_out(0.4, 7, &manifest);
  EXPECT_EQ(counts_of(manifest.test, 4), std::vector<int64_t>({4, 2, 0, 1}));
  EXPECT_EQ(counts_of(manifest.train, 4), std::vector<int64_t>({6, 3, 1, 1}));
  std::vector<int64_t> all = manifest.test.ids;
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_TRUE(std::is_sorted(manifest.train.ids.begin(), manifest.train.ids.end()));
  all.insert(all.end(), manifest.train.ids.begin(), manifest.train.ids.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, manifest_of({10, 5, 1, 2}).train.ids);
  Manifest most = manifest_of({3});
  hold_out(0.9, 7, &most);
  EXPECT_EQ(most.train.size(), 1);
}

TEST(HoldOut, FollowsTheSeedAlone) {
  const auto held = [](uint64_t seed) {
    Manifest manifest = manifest_of({50, 50});
    hold_out(0.2, seed, &manifest);
    return manifest.test.ids;
  };
  EXPECT_EQ(held(1), held(1));
  EXPECT_NE(held(1), held(2));
}

TEST(HoldOut, AShareThatIsNoImageIsRefused) {
  Manifest manifest = manifest_of({4, 4});
  EXPECT_NE(
      refusal<DataError>([&] { hold_out(0.1, 1, &manifest); }).find("data.holdout=0.1 of the"),
      std::string::npos);
}

TEST(Remarks, ClassesWithoutTrainingImages) {
  EXPECT_TRUE(remark_on_classes(manifest_of({1, 2})).empty());
  const Remarks stray = remark_on_classes(manifest_of({5, 5, 0, 0, 0, 0, 0, 0, 0, 1}));
  ASSERT_EQ(stray.size(), 1U);
  EXPECT_NE(stray[0].find("7 of 10 classes have no training image: c2, c3, c4, c5, c6 and 2 more"),
            std::string::npos)
      << stray[0];
}

TEST(Remarks, ClassesThatTheLimitEmptied) {
  Manifest manifest = manifest_of({90, 9, 1, 0});
  const Manifest::Part whole = manifest.train;
  limit_images(&manifest.train, 99, 4);
  EXPECT_TRUE(remark_on_limit(manifest, whole, 99).empty());
  limit_images(&manifest.train, 5, 4);
  EXPECT_EQ(remark_on_limit(manifest, whole, 5),
            Remarks({"data.limit=5 leaves 2 of 4 classes without a training image: c1, c2"}));
}

TEST(Remarks, WhatReadingShowedIsCounted) {
  EXPECT_TRUE(remark_on_pixels({}, 10).empty());
  const Remarks remarks = remark_on_pixels({3, 2, 1}, 10);
  ASSERT_EQ(remarks.size(), 3U);
  EXPECT_EQ(remarks[0].rfind("3 of 10 images use less than a quarter of the range", 0), 0U);
  EXPECT_EQ(remarks[1].rfind("the colors of 2 of 10 images became gray", 0), 0U);
  EXPECT_EQ(remarks[2].rfind("1 of 10 images are JPEG files with stray bytes", 0), 0U);
}

}  // namespace
}  // namespace medpfl
