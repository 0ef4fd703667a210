#include "h5/parallel_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "world.hpp"

namespace medpfl {
namespace {

TEST(ParallelFile, RanksWriteInterleavedRows) {
  const Communicator comm = world();
  const std::string path = comm.broadcast((std::filesystem::temp_directory_path() /
                                           ("medpfl-parallel-" + std::to_string(getpid()) + ".h5"))
                                              .string());
  // The last rank of several has no rows.
  const int writers = comm.size() > 1 ? comm.size() - 1 : 1;
  std::vector<int64_t> rows;
  std::vector<float> values;
  for (int64_t row = comm.rank(); comm.rank() < writers && row < 10; row += writers) {
    rows.push_back(row);
    for (int c = 0; c < 3; ++c) values.push_back(static_cast<float>(10 * row + c));
  }
  h5::ParallelFile file(comm, path);
  std::vector<const float*> data;
  for (size_t i = 0; i < rows.size(); ++i) data.push_back(values.data() + 3 * i);
  file.create<float>("/values", {10, 3}, {"", "1", {"row", "column"}});
  file.write_rows("/values", rows, data);
  file.close();
  comm.barrier();
  if (!comm.is_root()) return;
  const auto all = h5::File::open(path).read<float>("/values");
  ASSERT_EQ(all.size(), 30U);
  for (int64_t i = 0; i < 30; ++i)
    EXPECT_EQ(all[static_cast<size_t>(i)], static_cast<float>(10 * (i / 3) + i % 3));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace medpfl
