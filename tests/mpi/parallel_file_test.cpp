#include "h5/parallel_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "world.hpp"

namespace medpfl {
namespace {

std::string shared_path() {
  return world().broadcast((std::filesystem::temp_directory_path() /
                            ("medpfl-parallel-" + std::to_string(getpid()) + ".h5"))
                               .string());
}

// This rank's rows from first to last - 1, three values each; the last of several ranks has none.
struct Rows {
  Rows(int64_t first, int64_t last) {
    const Communicator comm = world();
    const int writers = comm.size() > 1 ? comm.size() - 1 : 1;
    values.reserve(static_cast<size_t>(3 * last));
    for (int64_t row = first; comm.rank() < writers && row < last; ++row) {
      // Pairs of rows are neighbors, in the file and in memory.
      if (row / 2 % writers != comm.rank()) continue;
      rows.push_back(row);
      data.push_back(values.data() + values.size());
      for (int c = 0; c < 3; ++c) values.push_back(static_cast<float>(10 * row + c));
    }
  }
  std::vector<int64_t> rows;
  std::vector<float> values;
  std::vector<const float*> data;
};

void expect_rows(const std::string& path, int64_t n) {
  world().barrier();
  if (!world().is_root()) return;
  const h5::File file = h5::File::open(path);
  EXPECT_EQ(file.shape("/values"), (h5::Shape{n, 3}));
  const auto all = file.read<float>("/values");
  for (int64_t i = 0; i < 3 * n; ++i)
    EXPECT_EQ(all.at(static_cast<size_t>(i)), static_cast<float>(10 * (i / 3) + i % 3));
  std::filesystem::remove(path);
}

TEST(ParallelFile, RanksWriteInterleavedRows) {
  const std::string path = shared_path();
  h5::ParallelFile file(world(), path);
  file.create<float>("/values", {10, 3}, {"", "1", {"row", "column"}});
  const Rows mine(0, 10);
  file.write_rows("/values", mine.rows, mine.data);
  file.close();
  expect_rows(path, 10);
}

TEST(ParallelFile, RowsAreAddedAsTheyCome) {
  const std::string path = shared_path();
  h5::ParallelFile file(world(), path);
  file.create_growing<float>("/values", 3, {"", "1", {"row", "column"}});
  // 64 KiB hold 5461 such rows, so that the second part ends in another chunk.
  EXPECT_EQ(h5::ParallelFile::rows_at_a_time(12), 5461);
  EXPECT_EQ(h5::ParallelFile::rows_at_a_time(1 << 20), 1);
  int64_t rows = 0;
  for (const int64_t more : {7, 5500, 1}) {
    file.grow("/values", rows + more);
    const Rows mine(rows, rows + more);
    file.write_rows("/values", mine.rows, mine.data);
    rows += more;
  }
  file.close();
  expect_rows(path, rows);
}

}  // namespace
}  // namespace medpfl
