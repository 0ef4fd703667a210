#include "core/process.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <map>
#include <vector>

#include "core/error.hpp"

namespace medpfl {
namespace {

int threads(const std::map<std::string, std::string>& variables) {
  return allocated_threads([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(Process, ThreadsOfTheAllocation) {
  EXPECT_EQ(threads({}), 1);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "2"}}), 2);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "4,2"}}), 4);
  EXPECT_EQ(threads({{"OMP_NUM_THREADS", "2"}, {"SLURM_CPUS_PER_TASK", "8"}}), 8);
  EXPECT_EQ(
      threads(
          {{"OMP_NUM_THREADS", "2"}, {"SLURM_CPUS_PER_TASK", "8"}, {"SRUN_CPUS_PER_TASK", "16"}}),
      16);
  EXPECT_EQ(threads({{"SRUN_CPUS_PER_TASK", ""}, {"OMP_NUM_THREADS", "3"}}), 3);
}

TEST(Process, ThreadsThatAreNoNumber) {
  for (const char* bad : {"many", "0", "-2", "2.5", "4x", "99999999999"}) {
    try {
      threads({{"SLURM_CPUS_PER_TASK", bad}});
      ADD_FAILURE() << bad << " was accepted";
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.what(), std::string("run.threads=auto: SLURM_CPUS_PER_TASK=") + bad +
                                  " is not a number of threads; set run.threads to a number");
    }
  }
}

TEST(Process, CpusFollowTheAffinity) {
  const std::vector<int> before = allowed_cpus();
  ASSERT_FALSE(before.empty());
  EXPECT_TRUE(std::is_sorted(before.begin(), before.end()));
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  EXPECT_EQ(before.size(), static_cast<size_t>(CPU_COUNT(&all)));
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(before.back()), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(allowed_cpus(), std::vector<int>{before.back()});
  ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
}

// Touched, so that it is resident.
std::vector<char> resident(size_t megabytes) { return std::vector<char>(megabytes << 20, 1); }

TEST(Process, AWatchSeesWhatWasHeldAtOnceFromItsStartOn) {
  constexpr int64_t kMegabyte = 1 << 20;
  prepare_process(1);  // with the allocator that keeps what is freed
  resident(96);
  const int64_t before = peak_memory_bytes();
  EXPECT_GT(before, 96 * kMegabyte);
  for (const int64_t megabytes : {48, 24}) {
    const MemoryWatch watch;
    EXPECT_LT(watch.growth(), 4 * kMegabyte);
    resident(static_cast<size_t>(megabytes));
    EXPECT_NEAR(static_cast<double>(watch.growth() / kMegabyte), static_cast<double>(megabytes), 4);
  }
  EXPECT_GE(peak_memory_bytes(), before);
}

}  // namespace
}  // namespace medpfl
