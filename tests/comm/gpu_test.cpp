#include "comm/gpu.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/error.hpp"

namespace medpfl {
namespace {

// The driver is tests/fake_cuda, which LD_LIBRARY_PATH puts before a real one.
VisibleGpus with_driver(const char* gpus, const char* failing = "") {
  setenv("FAKE_CUDA_GPUS", gpus, 1);
  setenv("FAKE_CUDA_ERROR", failing, 1);
  return visible_gpus();
}

std::string refusal(DeviceChoice device, bool torch, const VisibleGpus& visible) {
  try {
    choose_gpu(device, torch, visible, 0);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Gpu, DriverNamesThem) {
  const VisibleGpus visible = with_driver("2");
  EXPECT_EQ(visible.problem, "");
  ASSERT_EQ(visible.gpus.size(), 2U);
  EXPECT_EQ(visible.gpus[0].name, "Fake GPU 0");
  EXPECT_EQ(visible.gpus[1].name, "Fake GPU 1");
  EXPECT_EQ(visible.gpus[0].uuid, "GPU-00102030-4050-6070-8090-a0b0c0d0e0f0");
  EXPECT_EQ(visible.gpus[1].uuid, "GPU-01112131-4151-6171-8191-a1b1c1d1e1f1");
}

TEST(Gpu, BrokenDriversShowNone) {
  for (const char* call :
       {"cuInit", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetUuid"}) {
    const VisibleGpus visible = with_driver("2", call);
    EXPECT_TRUE(visible.gpus.empty()) << call;
    EXPECT_EQ(visible.problem,
              std::string("the CUDA driver does not work: ") + call + " returned error 999");
  }
  EXPECT_EQ(with_driver("0").problem,
            "the CUDA driver shows no GPU (CUDA_VISIBLE_DEVICES may hide them)");
}

TEST(Gpu, DealtInTurn) {
  const VisibleGpus visible = with_driver("3");
  for (int rank = 0; rank < 7; ++rank) {
    EXPECT_EQ(choose_gpu(DeviceChoice::kCuda, true, visible, rank), rank % 3);
    EXPECT_EQ(choose_gpu(DeviceChoice::kAuto, true, visible, rank), rank % 3);
    EXPECT_EQ(choose_gpu(DeviceChoice::kCpu, true, visible, rank), std::nullopt);
  }
}

TEST(Gpu, AutoFallsBackToTheCpu) {
  EXPECT_EQ(choose_gpu(DeviceChoice::kAuto, false, with_driver("3"), 0), std::nullopt);
  EXPECT_EQ(choose_gpu(DeviceChoice::kAuto, true, with_driver("0"), 0), std::nullopt);
  EXPECT_EQ(choose_gpu(DeviceChoice::kAuto, true, with_driver("1", "cuInit"), 0), std::nullopt);
}

TEST(Gpu, WhatIsMissingIsToldAndNothingWhereOneIsThere) {
  EXPECT_EQ(missing_gpu(true, with_driver("1")), "");
  EXPECT_EQ(missing_gpu(false, with_driver("1")), "the LibTorch in use was built without CUDA");
  EXPECT_EQ(
      missing_gpu(true, with_driver("0")),
      "no GPU is visible to this rank: the CUDA driver shows no GPU (CUDA_VISIBLE_DEVICES may "
      "hide them)");
}

TEST(Gpu, CudaSaysWhatIsMissing) {
  const std::string library = refusal(DeviceChoice::kCuda, false, with_driver("3"));
  EXPECT_NE(library.find("LibTorch in use was built without CUDA"), std::string::npos) << library;
  EXPECT_NE(library.find("-DMEDPFL_LIBTORCH"), std::string::npos) << library;
  const std::string none = refusal(DeviceChoice::kCuda, true, with_driver("0"));
  EXPECT_NE(none.find("no GPU is visible to this rank"), std::string::npos) << none;
  EXPECT_NE(none.find("--gpus-per-node"), std::string::npos) << none;
  const std::string broken = refusal(DeviceChoice::kCuda, true, with_driver("1", "cuInit"));
  EXPECT_NE(broken.find("cuInit returned error 999"), std::string::npos) << broken;
}

}  // namespace
}  // namespace medpfl
