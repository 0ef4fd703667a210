#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "models/model.hpp"

namespace medpfl {
namespace {

Model make(const std::string& name) {
  const auto& entry = models().find(name);
  return entry.create(OptionValues::defaults(entry.options), ModelRequest{});
}

double deviation(const FlatParameters& p, const Model& model, int64_t i) {
  const auto& entry = model.layout()[i];
  double square = 0;
  for (int64_t k = 0; k < entry.size; ++k) square += std::pow(p.data()[entry.offset + k], 2);
  return std::sqrt(square / static_cast<double>(entry.size));
}

TEST(Initialization, UniformKeepsItsBound) {
  const Model model = make("lenet-medpfl");
  const FlatParameters p = initial_weights(model, {InitKind::kUniform, 0.5}, 1);
  const auto [low, high] = std::minmax_element(p.data(), p.data() + p.size());
  EXPECT_GE(*low, -0.5F);
  EXPECT_LE(*high, 0.5F);
  EXPECT_GT(*high, 0.49F);
  EXPECT_NEAR(deviation(p, model, 2), 0.5 / std::sqrt(3), 0.02);
}

TEST(Initialization, DeviationsFollowTheFans) {
  const Model model = make("mlp");  // first layer: 1024 in, 128 out
  EXPECT_NEAR(deviation(initial_weights(model, {InitKind::kPytorch, 0}, 1), model, 0),
              1 / std::sqrt(3 * 1024.0), 1e-3);
  EXPECT_NEAR(deviation(initial_weights(model, {InitKind::kXavier, 0}, 1), model, 0),
              std::sqrt(2 / 1152.0), 1e-3);
  EXPECT_NEAR(deviation(initial_weights(model, {InitKind::kKaiming, 0}, 1), model, 0),
              std::sqrt(2 / 1024.0), 1e-3);
  EXPECT_NEAR(deviation(initial_weights(model, {InitKind::kNormal, 0.2}, 1), model, 0), 0.2, 1e-2);
  for (const InitKind kind : {InitKind::kXavier, InitKind::kKaiming})
    EXPECT_EQ(deviation(initial_weights(model, {kind, 0}, 1), model, 1), 0) << word_of(kind);
  EXPECT_GT(deviation(initial_weights(model, {InitKind::kPytorch, 0}, 1), model, 1), 0);
}

TEST(Initialization, BoundsFollowTheFans) {
  const Model model = make("mlp");
  const std::vector<std::pair<InitKind, double>> bounds = {
      {InitKind::kPytorch, std::sqrt(1 / 1024.0)}, {InitKind::kXavier, std::sqrt(6 / 1152.0)}};
  for (const auto& [kind, bound] : bounds) {
    const FlatParameters p = initial_weights(model, {kind, 0}, 1);
    const auto [low, high] = std::minmax_element(p.data(), p.data() + model.layout()[0].size);
    EXPECT_GE(*low, -bound * (1 + 1e-6)) << word_of(kind);
    EXPECT_LE(*high, bound * (1 + 1e-6)) << word_of(kind);
    EXPECT_GT(*high, 0.99 * bound) << word_of(kind);
  }
}

TEST(Initialization, MeansAreZero) {
  const Model model = make("mlp");
  for (const InitKind kind : words_of(InitKind()).values()) {
    const FlatParameters p = initial_weights(model, {kind, 0.5}, 1);
    const double sigma = deviation(p, model, 0), n = static_cast<double>(model.layout()[0].size);
    EXPECT_NEAR(p.view(0).mean().item<double>(), 0, 4 * sigma / std::sqrt(n)) << word_of(kind);
  }
}

TEST(Initialization, NormalizationStartsAsIdentity) {
  for (const InitKind kind : words_of(InitKind()).values()) {
    const Model model = make("resnet20");
    const FlatParameters p = initial_weights(model, {kind, 0.5}, 1);
    int checked = 0;
    for (const Layer& layer : model.layers()) {
      if (layer.kind != Layer::Kind::kBatchNorm) continue;
      EXPECT_EQ(p.view(layer.variance).min().item<float>(), 1);
      EXPECT_EQ(p.view(layer.variance).max().item<float>(), 1);
      EXPECT_EQ(deviation(p, model, layer.mean), 0);
      EXPECT_EQ(p.view(layer.weight).min().item<float>(), 1);
      EXPECT_EQ(p.view(layer.weight).max().item<float>(), 1);
      EXPECT_EQ(deviation(p, model, layer.bias), 0);
      ++checked;
    }
    EXPECT_EQ(checked, 19);
  }
}

TEST(Initialization, DependsOnTheSeedAlone) {
  const Model model = make("lenet-dlg");
  const Initialization init{InitKind::kUniform, 0.5};
  EXPECT_TRUE(
      initial_weights(model, init, 3).buffer().equal(initial_weights(model, init, 3).buffer()));
  EXPECT_FALSE(
      initial_weights(model, init, 3).buffer().equal(initial_weights(model, init, 4).buffer()));
}

}  // namespace
}  // namespace medpfl
