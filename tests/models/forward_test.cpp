// Forward passes and gradients equal plain PyTorch's; reference_logits.py prints the numbers.
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "models/differentiator.hpp"
#include "models/model.hpp"
#include "models/network_builder.hpp"

namespace medpfl {
namespace {

// The stored numbers are float64. PyTorch's own float32 results differ from them by up to 2.7e-5
// with another BLAS kernel (lenet-cpl at 28 px, a dense layer of 36,000 inputs).
constexpr double kTolerance = 1e-4;

struct Reference {
  std::string name;
  int64_t channels, side, classes, parameters;
  std::vector<double> logits;  // of two images
  double loss, gradient_norm;
  std::vector<double> gradient;  // entries 10, P / 2, P - 20 and P - 1
};

const std::vector<Reference> kReferences = {
    {"lenet-medpfl",
     3,
     32,
     4,
     14824,
     {0.197757235, 0.000511598889, 0.273985508, -0.205084319, 0.197205473, -0.000129494618,
      0.273690476, -0.206341729},
     1.37080777,
     6.91024791,
     {-7.08562586e-05, -0.001152849, 0.0984685137, 0.187245514}},
    {"lenet-dlg",
     3,
     32,
     4,
     11212,
     {-0.303533474, 0.205898925, -0.391583958, 0.221056897, -0.307427694, 0.208474986, -0.390813659,
      0.220552341},
     1.40601802,
     7.31832973,
     {-0.000476547423, 0.00737199464, 0.17389136, 0.320560544}},
    {"lenet-cpl",
     3,
     32,
     4,
     165412,
     {-0.20753568, -0.0181312947, 0.321761033, -0.0182828167, -0.207522555, -0.0181946282,
      0.321814706, -0.0182760913},
     1.53743489,
     57.8052912,
     {2.27281594e-05, -0.150179791, 0.121553565, 0.236253666}},
    {"mlp",
     3,
     32,
     4,
     393860,
     {-0.104432794, -0.568672632, 0.148121432, 0.546902668, -0.0995608669, -0.687702963,
      0.239827311, 0.557625532},
     1.87538425,
     25.9901931,
     {0, 0, 0.00261099647, 0.395719915}},
    {"convnet",
     3,
     32,
     4,
     60740,
     {0.254564504, 0.929658786, 0.758055579, 0.259251531, 0.257382166, 0.81910444, 0.662185825,
      0.158160071},
     1.4029051,
     3.7488912,
     {0.0450546925, -3.60641822e-05, 0.0270551079, 0.177108065}},
    {"lenet-medpfl",
     1,
     28,
     2,
     12326,
     {0.200131348, 0.0122709932, 0.197595874, 0.0143610755},
     0.696288783,
     0.857841567,
     {-0.000263831728, -0.00115168183, -0.0215554265, -0.0462542057}},
    {"lenet-dlg",
     1,
     28,
     2,
     8714,
     {-0.208818027, 0.0665796792, -0.259617685, 0.119819757},
     0.680807417,
     1.526913,
     {-0.00471225118, 0.00423662554, 0.0403252403, 0.0810774823}},
    {"lenet-cpl",
     1,
     28,
     2,
     72994,
     {-0.0778720796, -0.166384554, -0.0778413975, -0.166363984},
     0.694128808,
     2.86873061,
     {2.56334734e-06, 0.0108613007, -0.0113145802, -0.0221149447}},
    {"mlp",
     1,
     28,
     2,
     100738,
     {-0.361539531, -0.468410163, -0.16017074, -0.370141732},
     0.722386206,
     7.15529545,
     {-0.0210351817, -0.022933418, -0.00870629488, -0.0394964973}},
    {"convnet",
     1,
     28,
     2,
     57218,
     {1.21319933, 0.827924953, 1.38090056, 1.00177323},
     0.709761176,
     0.640682463,
     {0.000869591523, -3.27792851e-06, 0, -0.0944035969}},
};

Model make(const Reference& r) {
  const auto& entry = models().find(r.name);
  ModelRequest request;
  request.input = {r.channels, r.side, r.side};
  request.classes = r.classes;
  return entry.create(OptionValues::defaults(entry.options), request);
}

FlatParameters formula_weights(const Model& model) {
  FlatParameters weights(model.layout());
  for (int64_t i = 0; i < weights.size(); ++i)
    weights.data()[i] = static_cast<float>(0.3 * std::sin(0.7 * static_cast<double>(i) + 0.1) /
                                           static_cast<double>(1 + i % 5));
  return weights;
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
  ASSERT_EQ(model.layout().size(), r.parameters);
  const FlatParameters weights = formula_weights(model);
  FlatParameters gradient(model.layout());
  const at::Tensor images = formula_images(model);
  const Differentiator differentiator(model, weights);
  const at::Tensor logits = differentiator.logits(images).contiguous();
  double largest = 0;
  for (const double logit : r.logits) largest = std::max(largest, std::abs(logit));
  ASSERT_EQ(logits.numel(), static_cast<int64_t>(r.logits.size()));
  for (size_t i = 0; i < r.logits.size(); ++i)
    EXPECT_NEAR(logits.data_ptr<float>()[i], r.logits[i], kTolerance * largest);
  const double loss = differentiator.gradient(images, at::tensor({0, 1}, at::kLong), &gradient);
  EXPECT_NEAR(loss, r.loss, kTolerance * r.loss);
  EXPECT_NEAR(gradient.norm(), r.gradient_norm, kTolerance * r.gradient_norm);
  const std::vector<int64_t> entries = {10, r.parameters / 2, r.parameters - 20, r.parameters - 1};
  for (size_t i = 0; i < entries.size(); ++i)
    EXPECT_NEAR(gradient.data()[entries[i]], r.gradient[i], 1e-4 * std::abs(r.gradient[i]))
        << "entry " << entries[i];
}

// Along the gradient, so that float32 noise of the loss is far below its change.
TEST_P(Forward, GradientIsTheSlopeOfTheLoss) {
  const Model model = make(GetParam());
  FlatParameters weights = formula_weights(model);
  FlatParameters gradient(model.layout()), unused(model.layout());
  const FlatParameters start = weights;
  const at::Tensor images = formula_images(model);
  const at::Tensor labels = at::tensor({0, 1}, at::kLong);
  const Differentiator differentiator(model, weights);
  differentiator.gradient(images, labels, &gradient);
  const double norm = gradient.norm(), step = 2e-3;
  const auto loss_at = [&](double distance) {
    weights = start;
    weights.add(gradient, distance / norm);
    return differentiator.gradient(images, labels, &unused);
  };
  const double slope = (loss_at(step) - loss_at(-step)) / (2 * step);
  EXPECT_NEAR(slope / norm, 1, 0.01);
}

INSTANTIATE_TEST_SUITE_P(AllModels, Forward, ::testing::ValuesIn(kReferences),
                         [](const ::testing::TestParamInfo<Reference>& param_info) {
                           std::string name =
                               param_info.param.name + "_" + std::to_string(param_info.param.side);
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(Model, EveryRegisteredModelHasAReference) {
  for (const std::string& name : models().names())
    EXPECT_TRUE(std::any_of(kReferences.begin(), kReferences.end(), [&](const Reference& r) {
      return r.name == name;
    })) << name;
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(Model, RefusesImagesThatAreTooSmall) {
  Reference tiny = kReferences.back();
  tiny.name = "convnet";
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
