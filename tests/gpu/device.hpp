#pragma once
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "../attacks/observations.hpp"
#include "core/process.hpp"
#include "models/model.hpp"

namespace medpfl::testing {

/// Where the tests of tests/gpu compute: MEDPFL_TEST_DEVICE, as cuda. By default cpu:0, which to
/// MedPFL is another device than cpu and to LibTorch the same memory: the way of a GPU, copies and
/// all.
inline at::Device test_device() {
  const char* name = std::getenv("MEDPFL_TEST_DEVICE");
  prepare_process(1);  // what sets how a GPU rounds
  return at::Device(name == nullptr ? "cpu:0" : name);
}

/// The network `name` for gray images of 32 px, a narrow one where its own size is beyond a
/// million. Its units are smooth: one with a kink could switch between two devices.
inline Model smooth_network(const std::string& name, NormMode mode = NormMode::kEval) {
  const auto build = [&](const std::vector<std::pair<std::string, std::string>>& own) {
    return observations::build(name, 32, 4, "silu", own, mode);
  };
  Model model = build({});
  return model.layout().size() < 1'000'000 ? model : build({{"width", "8"}});
}

/// Two models of the same network: on the CPU and on the device under test.
struct Twins {
  explicit Twins(const Model& model) : here(model), there(model) {
    there.compute_on(test_device());
  }
  Model here, there;
};

/// Expects ||found - expected|| <= bound ||expected||, for tensors on the CPU. NaN fails.
inline void expect_close(const at::Tensor& found, const at::Tensor& expected, double bound) {
  const double norm = expected.to(at::kDouble).norm().item<double>();
  EXPECT_GT(norm, 0);
  EXPECT_LE(found.to(at::kDouble).sub(expected).norm().item<double>(), bound * norm);
}

/// Names a test of a row of a registry.
inline std::string row_name(const ::testing::TestParamInfo<std::string>& row) {
  std::string name = row.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace medpfl::testing
