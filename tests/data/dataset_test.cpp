#include "data/dataset.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.hpp"

namespace medpfl {
namespace {

TEST(LimitImages, KeepsProportionsAndTheFirstOfEachClass) {
  Manifest::Part part;
  part.labels = {0, 0, 1, 0, 0, 1, 0, 0, 2};
  for (int64_t i = 0; i < 9; ++i) {
    part.ids.push_back(10 + i);
    part.files.push_back("f" + std::to_string(i));
  }
  Manifest::Part limited = part;
  limit_images(&limited, 5, 3);  // 3.33, 1.11, 0.56
  EXPECT_EQ(limited.labels, std::vector<int64_t>({0, 0, 1, 0, 2}));
  EXPECT_EQ(limited.ids, std::vector<int64_t>({10, 11, 12, 13, 18}));
  EXPECT_EQ(limited.files, std::vector<std::string>({"f0", "f1", "f2", "f3", "f8"}));
  for (const int64_t limit : {0, 9, 100}) {
    Manifest::Part whole = part;
    limit_images(&whole, limit, 3);
    EXPECT_EQ(whole.ids, part.ids) << limit;
  }
  EXPECT_THROW(limit_images(&part, -1, 3), ConfigError);
}

TEST(Datasets, PhantomIsFirstNeedsNoFilesAndUnknownNamesAreRefused) {
  EXPECT_EQ(datasets().names().front(), "phantom");
  EXPECT_FALSE(datasets().find("phantom").create.needs_path);
  EXPECT_TRUE(datasets().find("medmnist").create.needs_path);
  try {
    datasets().find("medminst");
    ADD_FAILURE() << "no error";
  } catch (const ConfigError& error) {
    const std::string start =
        "unknown dataset 'medminst' (did you mean medmnist?); known: phantom, ";
    EXPECT_EQ(std::string(error.what()).substr(0, start.size()), start);
  }
}

}  // namespace
}  // namespace medpfl
