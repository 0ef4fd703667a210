#include "core/process.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <malloc.h>
#include <omp.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <fstream>
#include <memory>
#include <string_view>

#include "core/error.hpp"

namespace medpfl {

void prepare_process(int threads) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 16 << 20);
  at::set_num_threads(threads);
  omp_set_num_threads(threads);  // a LibTorch that brings an OpenMP of its own leaves ours alone
  // A GPU computes as a CPU does: in plain float32, by the same kernels in each run.
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setDeterministicCuDNN(true);
}

namespace {

// Returns the largest resident memory, in bytes, since the system's mark was last reset.
int64_t marked_peak() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

// The system keeps one mark for each process. This is the highest that it reached before a watch
// reset it.
std::atomic<int64_t>& earlier_peak() {
  static std::atomic<int64_t> bytes{0};
  return bytes;
}

}  // namespace

int64_t peak_memory_bytes() { return std::max(earlier_peak().load(), marked_peak()); }

int64_t machine_memory_bytes() {
  const int64_t machine = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  int64_t granted = 0;  // the file holds "max" where there is no bound
  return std::ifstream("/sys/fs/cgroup/memory.max") >> granted ? std::min(machine, granted)
                                                               : machine;
}

MemoryWatch::MemoryWatch() {
  malloc_trim(0);
  const int64_t before = peak_memory_bytes();
  std::ofstream marks("/proc/self/clear_refs");
  if (!(marks << "5" << std::flush)) return;
  earlier_peak() = before;
  start_ = marked_peak();
}

int64_t MemoryWatch::growth() const { return start_ < 0 ? -1 : marked_peak() - start_; }

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

std::vector<int> allowed_cpus() {
  // A machine may have more CPUs than cpu_set_t holds; the call says so with EINVAL.
  std::vector<int> cpus;
  for (int capacity = CPU_SETSIZE; capacity <= 64 * CPU_SETSIZE && cpus.empty(); capacity *= 2) {
    const auto free = [](cpu_set_t* set) { CPU_FREE(set); };
    const std::unique_ptr<cpu_set_t, decltype(free)> set(CPU_ALLOC(static_cast<size_t>(capacity)),
                                                         free);
    const size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(capacity));
    if (set == nullptr || sched_getaffinity(0, bytes, set.get()) != 0) continue;
    for (int cpu = 0; cpu < capacity; ++cpu)
      if (CPU_ISSET_S(static_cast<size_t>(cpu), bytes, set.get())) cpus.push_back(cpu);
  }
  return cpus;
}

int allocated_threads(const Environment& environment) {
  for (const char* name : {"SRUN_CPUS_PER_TASK", "SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS"}) {
    const char* value = environment(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text = value;
    int threads = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
    // OMP_NUM_THREADS may list the levels of nesting, "4,2"; the first is ours.
    const bool whole = end == text.data() + text.size() || *end == ',';
    if (error != std::errc() || !whole || threads < 1)
      throw ConfigError(fmt::format(
          "run.threads=auto: {}={} is not a number of threads; set run.threads to a number", name,
          text));
    return threads;
  }
  return 1;
}

}  // namespace medpfl
