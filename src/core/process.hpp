#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace medpfl {

/// Prepares a process; to be called once, before the first tensor. Sets `threads` compute threads
/// for LibTorch and OpenMP, has a GPU compute in plain float32 with the same kernels in each run,
/// and makes the allocator keep large temporaries (glibc returns them to the system at every step,
/// which costs up to 3.6 times the compute).
void prepare_process(int threads);

/// Returns the largest resident memory of this process so far, in bytes.
int64_t peak_memory_bytes();

/// Returns the main memory of this machine, or what its control group grants this process where
/// that is less, in bytes.
int64_t machine_memory_bytes();

/// Measures by how much the resident memory of this process grows at most while the object lives.
/// The constructor returns free memory to the system, so that all growth is seen; what libraries
/// allocate at their first call counts too. A process can have one MemoryWatch at a time.
class MemoryWatch {
 public:
  MemoryWatch();
  /// Returns the growth in bytes; -1 where the system's high-water mark cannot be reset (Linux:
  /// /proc/self/clear_refs).
  int64_t growth() const;

 private:
  int64_t start_ = -1;
};

std::string host_name();

/// Returns the CPUs this process may run on (its affinity), ascending; empty where the system does
/// not say.
std::vector<int> allowed_cpus();

/// Returns the value of an environment variable, or null; std::getenv outside tests.
using Environment = std::function<const char*(const char* name)>;

/// Returns how many threads an allocation gives each rank: the first of SRUN_CPUS_PER_TASK,
/// SLURM_CPUS_PER_TASK and OMP_NUM_THREADS that is set, else 1. Throws ConfigError where that is no
/// positive number.
int allocated_threads(const Environment& environment);

}  // namespace medpfl
