#include "comm/gpu.hpp"

#include <ATen/Context.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

#include "core/error.hpp"

namespace medpfl {
namespace {

using Uuid = std::array<unsigned char, 16>;

/// The calls of the driver's C interface that are needed; all return 0 on success.
class CudaDriver {
 public:
  CudaDriver() : library_(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) {
      problem_ = "the CUDA driver library libcuda.so.1 was not found";
      return;
    }
    load("cuInit", &init_);
    load("cuDeviceGetCount", &count_);
    load("cuDeviceGet", &get_);
    load("cuDeviceGetName", &name_);
    // The second version tells the parts of a divided GPU (MIG) apart.
    if (dlsym(library_, "cuDeviceGetUuid_v2") != nullptr)
      load("cuDeviceGetUuid_v2", &uuid_);
    else
      load("cuDeviceGetUuid", &uuid_);
  }

  VisibleGpus list() {
    VisibleGpus out;
    int count = 0;
    if (problem_.empty()) check("cuInit", init_(0));
    if (problem_.empty()) check("cuDeviceGetCount", count_(&count));
    for (int i = 0; i < count && problem_.empty(); ++i) out.gpus.push_back(describe(i));
    if (problem_.empty() && count == 0)
      problem_ = "the CUDA driver shows no GPU (CUDA_VISIBLE_DEVICES may hide them)";
    if (!problem_.empty()) out.gpus.clear();
    out.problem = problem_;
    return out;
  }

 private:
  template <class Function>
  void load(const char* symbol, Function** out) {
    *out = reinterpret_cast<Function*>(dlsym(library_, symbol));
    if (*out == nullptr && problem_.empty())
      problem_ = fmt::format("the CUDA driver library has no {}", symbol);
  }

  void check(const char* call, int code) {
    if (code == 0 || !problem_.empty()) return;
    problem_ = fmt::format("the CUDA driver does not work: {} returned error {}", call, code);
  }

  Gpu describe(int ordinal) {
    int device = 0;
    std::array<char, 256> name{};
    Uuid uuid{};
    check("cuDeviceGet", get_(&device, ordinal));
    check("cuDeviceGetName", name_(name.data(), static_cast<int>(name.size()) - 1, device));
    check("cuDeviceGetUuid", uuid_(&uuid, device));
    Gpu gpu{name.data(), "GPU-"};
    for (size_t i = 0; i < uuid.size(); ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) gpu.uuid += '-';
      gpu.uuid += fmt::format("{:02x}", uuid[i]);
    }
    return gpu;
  }

  void* library_;  // never closed: a driver is not made to be unloaded
  std::string problem_;
  int (*init_)(unsigned) = nullptr;
  int (*count_)(int*) = nullptr;
  int (*get_)(int*, int) = nullptr;
  int (*name_)(char*, int, int) = nullptr;
  int (*uuid_)(Uuid*, int) = nullptr;
};

}  // namespace

const Words<DeviceChoice>& words_of(DeviceChoice) {
  static const Words<DeviceChoice> words = {
      {DeviceChoice::kAuto, "auto"}, {DeviceChoice::kCpu, "cpu"}, {DeviceChoice::kCuda, "cuda"}};
  return words;
}

VisibleGpus visible_gpus() { return CudaDriver().list(); }

// at::hasCUDA() is false too where there is no GPU.
bool torch_has_cuda() { return at::globalContext().hasCUDART(); }

std::string missing_gpu(bool torch_cuda, const VisibleGpus& visible) {
  if (!torch_cuda) return "the LibTorch in use was built without CUDA";
  if (visible.gpus.empty()) return "no GPU is visible to this rank: " + visible.problem;
  return "";
}

std::optional<int> choose_gpu(DeviceChoice device, bool torch_cuda, const VisibleGpus& visible,
                              int local_rank) {
  if (device == DeviceChoice::kCpu) return std::nullopt;
  const std::string missing = missing_gpu(torch_cuda, visible);
  if (missing.empty()) return local_rank % static_cast<int>(visible.gpus.size());
  if (device == DeviceChoice::kAuto) return std::nullopt;
  const char* remedy = torch_cuda ? "ask the scheduler for GPUs (--gpus-per-node), or use "
                                    "run.device=auto or cpu"
                                  : "build MedPFL with a LibTorch that has it "
                                    "(-DMEDPFL_LIBTORCH=/path/to/libtorch), or use run.device=cpu";
  throw ConfigError(fmt::format("run.device=cuda: {}; {}", missing, remedy));
}

}  // namespace medpfl
