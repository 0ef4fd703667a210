#pragma once
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "federation/algorithm.hpp"

namespace medpfl {

/// A hospital of ten images of 8 px in two classes, and a model for it.
class ClientTest : public ::testing::Test {
 protected:
  static constexpr int64_t kImages = 10;

  ClientTest()
      : model_(make_model()),
        global_(initial_weights(model_, {InitKind::kPytorch, 0}, 1)),
        work_(model_.layout()) {
    settings_.batch_size = 4;
    settings_.learning_rate = 0.2;
    RandomStream random({1, Purpose::kBenchmark, 0, 0, 0});
    std::vector<uint8_t> pixels(kImages * 64);
    for (uint8_t& p : pixels) p = static_cast<uint8_t>(random.below(256));
    client_.id = 2;
    client_.images = at::from_blob(pixels.data(), {kImages, 1, 8, 8}, at::kByte).clone();
    client_.labels = at::tensor({0, 1, 0, 1, 1, 0, 0, 1, 1, 0}, at::kLong);
    client_.positions.resize(kImages);
    std::iota(client_.positions.begin(), client_.positions.end(), 0);
  }
  static Model make_model(const std::string& name = "mlp", NormMode mode = NormMode::kEval) {
    const auto& entry = models().find(name);
    OptionValues own = OptionValues::defaults(entry.options);
    if (name == "resnet20") own.set("width", "2");
    ModelRequest request;
    request.input = {1, 8, 8};
    request.norm_mode = mode;
    return entry.create(own, request);
  }
  std::unique_ptr<Algorithm> make(const std::string& name) {
    const auto& entry = algorithms().find(name);
    return entry.create.make(OptionValues::defaults(entry.options), training());
  }
  TrainingRules training() const { return {model_, settings_, chain_, kSeeds}; }
  /// Adds a defense, by its defaults but for `given`.
  void defend(const std::string& name,
              const std::vector<std::pair<std::string, std::string>>& given = {}) {
    const auto& entry = defenses().find(name);
    OptionValues own = OptionValues::defaults(entry.options);
    for (const auto& [option, value] : given) own.set(option, value);
    chain_.append(entry.create(own));
  }
  static double distance(FlatParameters a, const FlatParameters& b) {
    a.add(b, -1);
    return a.norm();
  }

  static constexpr RunSeeds kSeeds = {1, 1, 1, 1, 1};
  Model model_;
  FederationSettings settings_;
  DefenseChain chain_;
  Client client_;
  FlatParameters global_, work_;
};

}  // namespace medpfl
