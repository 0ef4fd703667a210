#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "comm/gpu.hpp"

namespace medpfl {

/// Where a rank runs, with which CPUs and which GPU.
struct RankPlace {
  std::string host;
  int local_rank = 0;          ///< number among the ranks of the host, from 0
  std::vector<int> cpus;       ///< CPUs the rank may run on; empty: unknown
  int threads = 1;             ///< compute threads
  int gpu = -1;                ///< ordinal among the visible GPUs; -1: computes on the CPU
  std::string device = "cpu";  ///< name of the GPU, or "cpu"
  std::string device_uuid;     ///< UUID of the GPU
  std::string missing_gpu;     ///< why run.device=auto took the CPU; else empty

  at::Device compute_device() const {
    return gpu < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<int8_t>(gpu));
  }
};

/// Returns this rank's place. `threads` 0: what the allocation gives.
/// The rank on the host comes from MPI: under mpirun inside sbatch every rank reads
/// SLURM_LOCALID=0. Collective. Throws AgreedError where the threads or the device are not
/// available.
RankPlace find_place(const Communicator& comm, int threads, DeviceChoice device);

/// Returns the places of all ranks in their order on rank 0; elsewhere nothing. Collective.
std::vector<RankPlace> gather_places(const Communicator& comm, const RankPlace& mine);

/// Returns a table of the places for the log. Equal ranks share a line, also across hosts where
/// there would be more than `most_lines` (at least 2) otherwise; a table that is still too long is
/// cut.
std::string placement_table(const std::vector<RankPlace>& places, size_t most_lines);

/// Returns warnings about what costs speed: more threads than CPUs, several ranks on one CPU or one
/// GPU. One line for each kind names the first case.
std::vector<std::string> placement_warnings(const std::vector<RankPlace>& places);

/// Returns one line that says why ranks compute on the CPU although run.device=auto looked for a
/// GPU; empty where none does.
std::string placement_fallback(const std::vector<RankPlace>& places);

/// Logs the table of places, in at most 20 lines, why ranks have no GPU, and the warnings; to be
/// called on rank 0.
void log_placement(const std::vector<RankPlace>& places);

}  // namespace medpfl
