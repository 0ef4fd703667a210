#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace medpfl {

/// Settings every process makes once, before the first tensor: `threads` compute threads for torch,
/// and an allocator that keeps large temporaries (glibc returns them to the system at every step,
/// which costs up to 3.6 times the compute).
void prepare_process(int threads);

/// Largest resident memory of this process so far, in bytes.
int64_t peak_memory_bytes();

/// By how much the resident memory of this process grows at most from here on. At the start, memory
/// that is free goes back to the system, so that what comes next is seen whole; what libraries set
/// up at their first call counts too. One at a time.
class MemoryWatch {
 public:
  MemoryWatch();
  /// In bytes; -1 where the system has no mark that can be set back (Linux: /proc/self/clear_refs).
  int64_t growth() const;

 private:
  int64_t start_ = -1;
};

std::string host_name();

/// CPUs this process may run on (its affinity), ascending; empty where the system does not say.
std::vector<int> allowed_cpus();

/// Value of an environment variable, or null; std::getenv outside tests.
using Environment = std::function<const char*(const char* name)>;

/// The threads an allocation gives each rank: the first of SRUN_CPUS_PER_TASK, SLURM_CPUS_PER_TASK
/// and OMP_NUM_THREADS that is set, else 1. Throws ConfigError when that is no positive number.
int allocated_threads(const Environment& environment);

}  // namespace medpfl
