#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "comm/communicator.hpp"

namespace medpfl {

/// Where a rank runs, and with what.
struct RankPlace {
  std::string host;
  int local_rank = 0;          ///< among the ranks of its host
  std::vector<int> cpus;       ///< CPUs it may run on; empty: unknown
  int threads = 1;             ///< compute threads
  int gpu = -1;                ///< ordinal among the GPUs it sees; -1: it computes on the CPU
  std::string device = "cpu";  ///< name of its GPU
  std::string device_uuid;     ///< of its GPU

  at::Device compute_device() const {
    return gpu < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<int8_t>(gpu));
  }
};

/// This rank's place. `threads` 0: what the allocation gives; `device`: auto | cpu | cuda. The rank
/// on the host is MPI's own: under mpirun inside sbatch every rank reads SLURM_LOCALID=0.
/// Collective. Throws AgreedError where threads or device cannot be had.
RankPlace find_place(const Communicator& comm, int threads, const std::string& device);

/// The places of all ranks, in their order; empty except on rank 0. Collective.
std::vector<RankPlace> gather_places(const Communicator& comm, const RankPlace& mine);

/// A table for the log. Equal ranks share a line, also across hosts where there would be more than
/// `most_lines` (at least 2) otherwise; what is still too long is cut.
std::string placement_table(const std::vector<RankPlace>& places, size_t most_lines);

/// What costs speed: more threads than CPUs, several ranks on one CPU or one GPU. One line for each
/// kind, naming the first case.
std::vector<std::string> placement_warnings(const std::vector<RankPlace>& places);

/// Logs the table, in at most 20 lines, and the warnings; to be called on rank 0.
void log_placement(const std::vector<RankPlace>& places);

}  // namespace medpfl
