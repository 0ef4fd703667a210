#include "comm/rank_place.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.hpp"
#include "core/process.hpp"
#include "world.hpp"

namespace medpfl {
namespace {

TEST(RankPlace, IsGatheredInTheOrderOfRanks) {
  const Communicator comm = world();
  // Under mpirun inside sbatch all ranks see this; it must not be believed.
  setenv("SLURM_LOCALID", "0", 1);
  RankPlace mine = find_place(comm, 3 + comm.rank(), DeviceChoice::kCpu);
  const std::vector<std::string> host_of = hosts(comm);
  const auto local_rank = [&](int rank) {
    return static_cast<int>(
        std::count(host_of.begin(), host_of.begin() + rank, host_of.at(static_cast<size_t>(rank))));
  };
  EXPECT_EQ(mine.local_rank, local_rank(comm.rank()));
  EXPECT_EQ(mine.compute_device(), at::Device(at::kCPU));
  mine.gpu = comm.rank();
  mine.device = "name " + std::to_string(comm.rank());
  mine.device_uuid = "uuid " + std::to_string(comm.rank());
  EXPECT_EQ(mine.compute_device(), at::Device(at::kCUDA, static_cast<int8_t>(comm.rank())));
  const std::vector<RankPlace> all = gather_places(comm, mine);
  EXPECT_EQ(all.size(), comm.is_root() ? static_cast<size_t>(comm.size()) : 0U);
  for (size_t r = 0; r < all.size(); ++r) {
    EXPECT_EQ(all[r].host, host_of[r]);
    EXPECT_EQ(all[r].local_rank, local_rank(static_cast<int>(r)));
    EXPECT_FALSE(all[r].cpus.empty());
    EXPECT_EQ(all[r].threads, 3 + static_cast<int>(r));
    EXPECT_EQ(all[r].gpu, static_cast<int>(r));
    EXPECT_EQ(all[r].device, "name " + std::to_string(r));
    EXPECT_EQ(all[r].device_uuid, "uuid " + std::to_string(r));
  }
}

TEST(RankPlace, TakesTheThreadsOfTheAllocation) {
  const Communicator comm = world();
  setenv("SRUN_CPUS_PER_TASK", "5", 1);
  EXPECT_EQ(find_place(comm, 0, DeviceChoice::kCpu).threads, 5);
  // One rank's bad environment is known to all.
  if (comm.rank() == comm.size() - 1) setenv("SRUN_CPUS_PER_TASK", "some", 1);
  EXPECT_THROW(find_place(comm, 0, DeviceChoice::kCpu), AgreedError);
  unsetenv("SRUN_CPUS_PER_TASK");
}

}  // namespace
}  // namespace medpfl
