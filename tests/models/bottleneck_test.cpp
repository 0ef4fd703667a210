#include "models/bottleneck.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "models/differentiator.hpp"
#include "models/example_gradients.hpp"
#include "models/layer_inputs.hpp"
#include "models/network_builder.hpp"

namespace medpfl {
namespace {

constexpr StreamKey kKey = {1, Purpose::kBottleneck, 2, 3, 4};

Model build(const std::string& name, const Bottleneck& bottleneck, int64_t size = 16) {
  const auto& entry = models().find(name);
  ModelRequest request;
  request.input = {1, size, size};
  request.classes = 3;
  request.before_head = [bottleneck](NetworkBuilder* network) {
    if (bottleneck.width > 0) network->named("precode").bottleneck(bottleneck);
  };
  return entry.create(OptionValues::defaults(entry.options), request);
}

at::Tensor images(int64_t n) {
  at::Tensor out = at::rand({n, 1, 16, 16}, at::kFloat);
  RandomStream random({1, Purpose::kBenchmark, 0, 0, 0});
  for (int64_t i = 0; i < out.numel(); ++i)
    out.data_ptr<float>()[i] = static_cast<float>(random.uniform());
  return out;
}

TEST(Bottleneck, ValuesAndDivergenceByHand) {
  const at::Tensor x =
      at::tensor({1.0, -2.0, 0.0, std::log(4.0), 0.0, 0.0, 0.0, 0.0}, at::kDouble).view({2, 4});
  BottleneckPass pass;
  pass.noise = at::tensor({0.5, -1.0, 3.0, 0.0}, at::kFloat).view({2, 2});
  const at::Tensor z = through_bottleneck(x, &pass).contiguous();
  const double expected[] = {1.5, -4, 3, 0};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(z.data_ptr<double>()[i], expected[i], 1e-12) << i;
  // (1 + 1 - 0 - 1 + 4 + 4 - log 4 - 1) / 2 of the first image, 0 of the second.
  EXPECT_NEAR(pass.divergence.item<double>(), (8 - std::log(4.0)) / 2 / 2, 1e-12);
  EXPECT_TRUE(through_bottleneck(x, nullptr).equal(x.narrow(1, 0, 2)));
}

TEST(Bottleneck, LiesBeforeTheHeadWhichKeepsItsName) {
  for (const std::string& name : models().names()) {
    const Model plain = build(name, {}, 32), model = build(name, {7, 0.5}, 32);
    const ParameterLayout& layout = model.layout();
    const int64_t head = model.head().weight;
    const int64_t features = plain.layout()[plain.head().weight].shape[1];
    EXPECT_EQ(layout[head].name, plain.layout()[plain.head().weight].name);
    EXPECT_EQ(layout[head].shape, (std::vector<int64_t>{3, features}));
    EXPECT_EQ(layout[head - 4].name, "precode.encoder.weight");
    EXPECT_EQ(layout[head - 4].shape, (std::vector<int64_t>{14, features}));
    EXPECT_EQ(layout[head - 2].name, "precode.decoder.weight");
    EXPECT_EQ(layout[head - 2].shape, (std::vector<int64_t>{features, 7}));
    EXPECT_EQ(layout.count(), plain.layout().count() + 4);
    EXPECT_EQ(model.bottleneck().width, 7);
    EXPECT_EQ(model.bottleneck().weight, 0.5);
    EXPECT_EQ(plain.bottleneck().width, 0);
  }
}

TEST(Bottleneck, WideWeightsAreNotForIt) {
  const Model model = build("lenet-medpfl", {9, 0});
  const FlatParameters weights = initial_weights(model, {InitKind::kUniform, 0.5}, 1);
  const int64_t head = model.head().weight;
  const auto largest = [&](int64_t i) { return weights.view(i).abs().max().item<double>(); };
  const double fan_in = static_cast<double>(model.layout()[head].shape[1]);
  EXPECT_LE(largest(head - 4), 1 / std::sqrt(fan_in) * (1 + 1e-6));
  EXPECT_GT(largest(head - 4), 0.95 / std::sqrt(fan_in));
  EXPECT_LE(largest(head - 2), 1.0 / 3 * (1 + 1e-6));
  EXPECT_GT(largest(head), 0.49);
}

TEST(Bottleneck, NoiseIsThatOfItsKey) {
  const Bottleneck bottleneck = {300, 0};
  const at::Tensor noise = bottleneck_noise(bottleneck, 20, kKey);
  ASSERT_EQ(noise.sizes(), (at::IntArrayRef{20, 300}));
  EXPECT_TRUE(noise.equal(bottleneck_noise(bottleneck, 20, kKey)));
  StreamKey other = kKey;
  ++other.step;
  EXPECT_FALSE(noise.equal(bottleneck_noise(bottleneck, 20, other)));
  EXPECT_NEAR(noise.mean().item<double>(), 0, 5 / std::sqrt(6000.0));
  EXPECT_NEAR(noise.square().mean().item<double>(), 1, 5 * std::sqrt(2 / 6000.0));
  EXPECT_FALSE(bottleneck_noise({}, 20, kKey).defined());
}

TEST(Bottleneck, EvaluationIsWithoutNoise) {
  const Model model = build("mlp", {7, 0.1});
  const FlatParameters weights = initial_weights(model, {}, 1);
  BottleneckPass pass{bottleneck_noise(model.bottleneck(), 2, kKey), {}};
  const at::Tensor x = images(2), logits = Differentiator(model, weights).logits(x);
  EXPECT_TRUE(logits.equal(model.forward(weights.views(), x)));
  EXPECT_FALSE(logits.equal(model.forward(weights.views(), x, nullptr, &pass)));
}

// Along random directions and in float64: cross entropy + weight * divergence, under one noise.
TEST(Bottleneck, TheGradientIsThatOfTheTrainingLoss) {
  const Model model = build("lenet-dlg", {7, 0.3});
  const FlatParameters weights = initial_weights(model, {InitKind::kUniform, 0.5}, 1);
  const at::Tensor x = images(3), labels = at::tensor({0, 2, 1}, at::kLong);
  const at::Tensor noise = bottleneck_noise(model.bottleneck(), 3, kKey);
  FlatParameters gradient(model.layout());
  const double loss = Differentiator(model, weights).gradient(x, labels, &gradient, noise);
  const auto loss_at = [&](double distance, const FlatParameters& along, double weight) {
    std::vector<at::Tensor> tensors;
    for (int64_t i = 0; i < model.layout().count(); ++i)
      tensors.push_back(weights.view(i).to(at::kDouble).add(along.view(i), distance));
    BottleneckPass pass{noise, {}};
    const at::Tensor logits = model.forward(tensors, x.to(at::kDouble), nullptr, &pass);
    return at::cross_entropy_loss(logits, labels).item<double>() +
           weight * pass.divergence.item<double>();
  };
  EXPECT_NEAR(loss, loss_at(0, gradient, 0), 1e-5) << "what is told is the cross entropy";
  RandomStream random({1, Purpose::kBenchmark, 0, 0, 1});
  for (int k = 0; k < 5; ++k) {
    FlatParameters along(model.layout());
    double expected = 0;
    for (int64_t i = 0; i < along.size(); ++i) {
      along.data()[i] = static_cast<float>(random.normal());
      expected += static_cast<double>(along.data()[i]) * gradient.data()[i];
    }
    constexpr double kStep = 1e-6;
    const double slope = (loss_at(kStep, along, 0.3) - loss_at(-kStep, along, 0.3)) / (2 * kStep);
    EXPECT_NEAR(slope, expected, 1e-3 * gradient.norm());
  }
}

TEST(Bottleneck, HasNoGradientsOfExamples) {
  try {
    require_example_gradients(build("mlp", {7, 0.1}));
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("the bottleneck before its head trains another loss"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace medpfl
