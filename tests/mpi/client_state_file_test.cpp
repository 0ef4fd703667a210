#include "results/resume/client_state_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "h5/file.hpp"
#include "world.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

constexpr int64_t kClients = 11, kRow = 7;

std::vector<float> state_of(int64_t client, int64_t round) {
  std::vector<float> row;
  for (int64_t i = 0; i < kRow; ++i)
    row.push_back(static_cast<float>(1000 * round + 10 * client + i));
  return row;
}

// Hospitals of this rank under a placement; every third has no state yet.
std::vector<int64_t> hosted(int shift) {
  std::vector<int64_t> out;
  for (int64_t h = 0; h < kClients; ++h)
    if ((h + shift) % world().size() == world().rank()) out.push_back(h);
  return out;
}

void fill(RowStore* store, int64_t round) {
  for (const int64_t h : hosted(0))
    if (h % 3 != 0) store->write(h, state_of(h, round).data());
}

std::set<std::string> files(const std::string& folder) {
  std::set<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder + "/states"))
    out.insert(entry.path().filename().string());
  return out;
}

TEST(ClientStateFile, IsReadBackUnderAnyPlacement) {
  const std::string folder = new_folder();
  RowStore store(kRow, 0, folder + "/states");
  ClientStateFile file(world(), folder, &store);
  file.cut(0);
  EXPECT_EQ(file.name(), "");
  fill(&store, 4);
  file.cut(4);
  EXPECT_EQ(file.name(), "states/round-00004.h5");

  for (const int shift : {0, 1, 2}) {
    RowStore found(kRow, 3 * kRow * 4, folder + "/states");
    ClientStateFile again(world(), folder, &found);
    again.restore(file.name(), 4, hosted(shift));
    std::vector<int64_t> expected;
    std::vector<float> row(kRow);
    for (const int64_t h : hosted(shift)) {
      if (h % 3 != 0) expected.push_back(h);
      found.read(h, row.data());
      EXPECT_EQ(row, h % 3 != 0 ? state_of(h, 4) : std::vector<float>(kRow, 0)) << h;
    }
    EXPECT_EQ(found.keys(), expected);
  }
  world().barrier();
  if (world().is_root()) fs::remove_all(folder);
}

TEST(ClientStateFile, KeepsTheFilesOfTheLastTwoCheckpoints) {
  const std::string folder = new_folder();
  RowStore store(kRow, 1 << 20, folder + "/states");
  ClientStateFile file(world(), folder, &store);
  for (const int64_t round : {2, 2, 3, 5, 8}) {
    fill(&store, round);
    file.cut(round);
  }
  // The one before the last two goes at the next cut, when their checkpoint is known to be there.
  EXPECT_EQ(files(folder),
            (std::set<std::string>{"round-00003.h5", "round-00005.h5", "round-00008.h5"}));
  world().barrier();
  if (world().is_root()) file.remove_unknown();
  world().barrier();
  EXPECT_EQ(files(folder), (std::set<std::string>{"round-00005.h5", "round-00008.h5"}));
  world().barrier();
  if (world().is_root()) fs::remove_all(folder);
}

TEST(ClientStateFile, DamageIsNoticed) {
  const std::string folder = new_folder();
  RowStore store(kRow, 1 << 20, folder + "/states");
  ClientStateFile file(world(), folder, &store);
  fill(&store, 1);
  file.cut(1);
  const std::string path = folder + "/" + file.name();
  EXPECT_NO_THROW(check_client_states(path));
  EXPECT_THROW(check_client_states(folder + "/states/round-00009.h5"), FormatError);
  RowStore other(kRow + 1, 1 << 20, folder + "/states");
  ClientStateFile of_other(world(), folder, &other);
  EXPECT_THROW(of_other.restore(file.name(), 1, hosted(0)), AgreedError);
  world().barrier();
  if (world().is_root()) {
    // One bit of a value, found by its bytes.
    std::fstream bytes(path, std::ios::in | std::ios::out | std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(bytes)), std::istreambuf_iterator<char>());
    const std::vector<float> row = state_of(1, 1);
    const std::string wanted(reinterpret_cast<const char*>(row.data()), sizeof(float) * kRow);
    const size_t at = content.find(wanted);
    EXPECT_NE(at, std::string::npos);
    bytes.seekp(static_cast<std::streamoff>(at));
    bytes.put(static_cast<char>(content[at] ^ 1));
  }
  world().barrier();
  EXPECT_THROW(check_client_states(path), FormatError);
  world().barrier();
  if (world().is_root()) fs::remove_all(folder);
}

}  // namespace
}  // namespace medpfl
