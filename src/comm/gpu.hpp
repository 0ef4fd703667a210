#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/words.hpp"

namespace medpfl {

/// Where a rank computes: kAuto is on a GPU where there is one.
enum class DeviceChoice { kAuto, kCpu, kCuda };
const Words<DeviceChoice>& words_of(DeviceChoice);

/// A GPU as the CUDA driver names it.
struct Gpu {
  std::string name;
  std::string uuid;  ///< "GPU-0123abcd-...", unique among all machines
};

/// The GPUs that a process may use.
struct VisibleGpus {
  std::vector<Gpu> gpus;  ///< GPUs in the order of CUDA's ordinals
  std::string problem;    ///< why there is no GPU; empty where there is one
};

/// Returns the GPUs this process may use. Asks the driver library (libcuda.so.1), loaded on the
/// first call, so that nothing of CUDA is needed to build; the driver honors CUDA_VISIBLE_DEVICES.
VisibleGpus visible_gpus();

/// Whether the LibTorch in use was built with CUDA.
bool torch_has_cuda();

/// Returns in a clause why this process has no GPU to compute on; empty where it has one.
std::string missing_gpu(bool torch_cuda, const VisibleGpus& visible);

/// Returns the ordinal of the GPU for a rank, by its rank on the host in turn, or nothing where the
/// rank computes on the CPU. Throws ConfigError where a GPU is asked for and not there.
std::optional<int> choose_gpu(DeviceChoice device, bool torch_cuda, const VisibleGpus& visible,
                              int local_rank);

}  // namespace medpfl
