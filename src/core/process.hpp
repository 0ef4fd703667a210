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

std::string host_name();

/// CPUs this process may run on (its affinity), ascending; empty where the system does not say.
std::vector<int> allowed_cpus();

/// Value of an environment variable, or null; std::getenv outside tests.
using Environment = std::function<const char*(const char* name)>;

/// The threads an allocation gives each rank: the first of SRUN_CPUS_PER_TASK, SLURM_CPUS_PER_TASK
/// and OMP_NUM_THREADS that is set, else 1. Throws ConfigError when that is no positive number.
int allocated_threads(const Environment& environment);

}  // namespace medpfl
