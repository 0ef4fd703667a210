#include "federation/row_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

constexpr int64_t kRow = 5, kRowBytes = kRow * 4;

std::vector<float> row_of(int64_t key, float version) {
  std::vector<float> row;
  for (int64_t i = 0; i < kRow; ++i) row.push_back(static_cast<float>(100 * key + i) + version / 8);
  return row;
}

class RowStoreTest : public ::testing::TestWithParam<int64_t> {
 protected:
  const std::string folder_ = fs::temp_directory_path().string();
};

TEST_P(RowStoreTest, GivesBackTheLastOfEachRow) {
  RowStore store(kRow, GetParam() * kRowBytes, folder_);
  std::vector<float> out(kRow, 7);
  store.read(3, out.data());
  EXPECT_EQ(out, std::vector<float>(kRow, 0));
  const std::vector<int64_t> keys = {9, 2, 40, 7, 1};
  for (const float version : {1.0F, 2.0F})
    for (const int64_t key : keys) store.write(key, row_of(key, version).data());
  store.write(40, row_of(40, 3).data());
  for (const int64_t key : keys) {
    store.read(key, out.data());
    EXPECT_EQ(out, row_of(key, key == 40 ? 3 : 2)) << key;
  }
  EXPECT_EQ(store.keys(), (std::vector<int64_t>{1, 2, 7, 9, 40}));
  EXPECT_EQ(store.bytes_in_memory(), std::min<int64_t>(GetParam(), 5) * kRowBytes);
  EXPECT_EQ(store.bytes_in_memory() + store.bytes_in_file(), 5 * kRowBytes);
}

INSTANTIATE_TEST_SUITE_P(RowsInMemory, RowStoreTest, ::testing::Values(0, 2, 100));

TEST(RowStore, LeavesNoFileBehind) {
  const fs::path folder = fs::temp_directory_path() / "medpfl_row_store_test";
  fs::create_directories(folder);
  RowStore store(kRow, 0, folder.string());
  store.write(1, row_of(1, 1).data());
  EXPECT_GT(store.bytes_in_file(), 0);
  EXPECT_TRUE(fs::is_empty(folder));
  fs::remove_all(folder);
}

TEST(RowStore, NamesTheFolderItCannotWriteTo) {
  RowStore store(kRow, 0, "/nowhere/at/all");
  try {
    store.write(1, row_of(1, 1).data());
    FAIL() << "no error";
  } catch (const OutputError& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/at/all"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("federation.state_memory"), std::string::npos);
  }
}

}  // namespace
}  // namespace medpfl
