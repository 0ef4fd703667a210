// Forward passes and gradients equal plain PyTorch's; reference_logits.py prints the numbers.
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../core/refusal.hpp"
#include "models/differentiator.hpp"
#include "models/model.hpp"
#include "models/network_builder.hpp"
#include "references.hpp"

namespace medpfl {
namespace {

// The stored numbers are float64. PyTorch's own float32 results differ from them by up to 2.7e-5
// with another BLAS kernel (lenet-cpl at 28 px, a dense layer of 36,000 inputs).
constexpr double kTolerance = 1e-4;

Model make(const Reference& r) {
  const auto& entry = models().find(r.name);
  OptionValues own = OptionValues::defaults(entry.options);
  for (const auto& [option, value] : r.options) own.set(option, value);
  ModelRequest request;
  request.input = {r.channels, r.side, r.side};
  request.classes = r.classes;
  request.norm_mode = words_of(NormMode()).parse(r.norm_mode);
  return entry.create(own, request);
}

// In [-1, 1), a hash of i.
double pattern(int64_t i) {
  auto x = static_cast<uint32_t>(i) * 2654435761U;
  x ^= x >> 16U;
  x *= 2246822519U;
  x ^= x >> 13U;
  return x / 2147483648.0 - 1;
}

FlatParameters formula_weights(const Model& model) {
  FlatParameters weights(model.layout());
  std::vector<bool> around_one(static_cast<size_t>(model.layout().count()));
  for (const Layer& layer : model.layers()) {
    if (layer.kind != Layer::Kind::kGroupNorm && layer.kind != Layer::Kind::kBatchNorm) continue;
    around_one[static_cast<size_t>(layer.weight)] = true;
    if (layer.variance >= 0) around_one[static_cast<size_t>(layer.variance)] = true;
  }
  for (int64_t t = 0; t < model.layout().count(); ++t) {
    const ParameterLayout::Entry& entry = model.layout()[t];
    const double fan_in = static_cast<double>(entry.size) / static_cast<double>(entry.shape[0]);
    const double scale = entry.shape.size() > 1 ? std::sqrt(6 / fan_in) : 0.3;
    const double middle = around_one[static_cast<size_t>(t)] ? 1 : 0;
    for (int64_t i = entry.offset; i < entry.offset + entry.size; ++i)
      weights.data()[i] = static_cast<float>(middle + scale * pattern(i));
  }
  return weights;
}

double parameter_norm(const FlatParameters& gradient) {
  return gradient.buffer()
      .slice(0, 0, gradient.layout().trainable())
      .to(at::kDouble)
      .norm()
      .item<double>();
}

// Two images.
at::Tensor formula_images(const Model& model) {
  std::vector<float> pixels(static_cast<size_t>(2 * model.input().size()));
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<float>(0.5 + 0.5 * std::sin(0.3 * static_cast<double>(i)));
  const ImageShape& shape = model.input();
  return at::from_blob(pixels.data(), {2, shape.channels, shape.height, shape.width}, at::kFloat)
      .clone();
}

class Forward : public ::testing::TestWithParam<Reference> {};

TEST_P(Forward, EqualsPyTorch) {
  const Reference& r = GetParam();
  const Model model = make(r);
  ASSERT_EQ(model.layout().trainable(), r.parameters);
  ASSERT_EQ(model.layout().size(), r.parameters + r.statistics);
  const FlatParameters weights = formula_weights(model);
  FlatParameters gradient(model.layout());
  const at::Tensor images = formula_images(model);
  const Differentiator differentiator(model, weights);
  const at::Tensor logits = model.forward(weights.views(), images).contiguous();
  double largest = 0;
  for (const double logit : r.logits) largest = std::max(largest, std::abs(logit));
  ASSERT_EQ(logits.numel(), static_cast<int64_t>(r.logits.size()));
  for (size_t i = 0; i < r.logits.size(); ++i)
    EXPECT_NEAR(logits.data_ptr<float>()[i], r.logits[i], kTolerance * largest);
  const double loss = differentiator.gradient(images, at::tensor({0, 1}, at::kLong), &gradient);
  EXPECT_NEAR(loss, r.loss, kTolerance * r.loss);
  EXPECT_NEAR(parameter_norm(gradient), r.gradient_norm, kTolerance * r.gradient_norm);
  const int64_t p = r.parameters, n = r.statistics;
  const auto expect = [&](int64_t first, const std::vector<int64_t>& entries,
                          const std::vector<double>& values, double scale) {
    ASSERT_EQ(entries.size(), values.size());
    for (size_t i = 0; i < entries.size(); ++i)
      EXPECT_NEAR(gradient.data()[first + entries[i]], values[i],
                  kTolerance * (std::abs(values[i]) + scale))
          << "entry " << first + entries[i];
  };
  // Entries that are small beside their neighbors keep the rounding error of those.
  expect(0, {10, p / 2, p - 20, p - 1}, r.gradient,
         r.gradient_norm / std::sqrt(static_cast<double>(p)));
  if (n == 0) return;
  const at::Tensor change = gradient.buffer().slice(0, p);
  EXPECT_NEAR(change.norm().item<double>(), r.change_norm, kTolerance * r.change_norm);
  expect(p, {0, n / 2, n - 1}, r.change, r.change_norm / std::sqrt(static_cast<double>(n)));
}

TEST_P(Forward, EvaluationUsesTheStoredStatistics) {
  const Reference& r = GetParam();
  Reference other = r;
  other.norm_mode = "eval";
  const FlatParameters weights = formula_weights(make(r));
  const Model train = make(r), eval = make(other);
  const at::Tensor images = formula_images(train);
  const at::Tensor logits = Differentiator(train, weights).logits(images);
  EXPECT_TRUE(logits.equal(Differentiator(eval, weights).logits(images)));
  const bool changes = r.norm_mode == "train" && r.statistics > 0;
  EXPECT_EQ(logits.equal(train.forward(weights.views(), images)), !changes);
}

// Along the gradient and in float64, in steps so short that hardly any ReLU switches.
TEST_P(Forward, GradientIsTheSlopeOfTheLoss) {
  const Model model = make(GetParam());
  const FlatParameters weights = formula_weights(model);
  FlatParameters gradient(model.layout());
  const at::Tensor images = formula_images(model);
  const at::Tensor labels = at::tensor({0, 1}, at::kLong);
  Differentiator(model, weights).gradient(images, labels, &gradient);
  const double norm = parameter_norm(gradient), step = 1e-5 / norm;
  const auto loss_at = [&](double distance) {
    std::vector<at::Tensor> tensors;
    for (int64_t i = 0; i < model.layout().count(); ++i) {
      tensors.push_back(weights.view(i).to(at::kDouble));
      if (i < model.layout().trainable_count())
        tensors.back().add_(gradient.view(i), distance / norm);
    }
    const at::Tensor logits = model.forward(tensors, images.to(at::kDouble));
    return at::cross_entropy_loss(logits, labels).item<double>();
  };
  const double slope = (loss_at(step) - loss_at(-step)) / (2 * step);
  EXPECT_NEAR(slope / norm, 1, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(AllModels, Forward, ::testing::ValuesIn(kReferences),
                         [](const ::testing::TestParamInfo<Reference>& param_info) {
                           const Reference& r = param_info.param;
                           std::string name = r.name + "_" + std::to_string(r.side) + r.norm_mode;
                           for (const auto& [option, value] : r.options) name += option + value;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(Model, EveryRegisteredModelHasAReference) {
  for (const std::string& name : models().names())
    EXPECT_TRUE(std::any_of(kReferences.begin(), kReferences.end(), [&](const Reference& r) {
      return r.name == name;
    })) << name;
}

TEST(Model, RefusesImagesThatAreTooSmall) {
  Reference tiny = kReferences.front();
  tiny.channels = 1;
  tiny.name = "convnet-small";
  tiny.side = 4;
  EXPECT_EQ(refusal([&] { make(tiny); }),
            "data.image_size=4 is too small for this model: pooling 2 px meets a 1x1 image; use "
            "larger images or fewer blocks");
  ModelRequest request;
  request.input = {1, 4, 4};
  NetworkBuilder net(request, Activation::kRelu);
  EXPECT_EQ(refusal([&] { net.convolution(2, 7, 1, 1); }),
            "data.image_size=4 is too small for this model: a 7 px kernel meets a 4x4 image; use "
            "larger images or another model");
}

}  // namespace
}  // namespace medpfl
