// The engines against the exact one: every model, soft, hard and fixed labels, one image and four.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "attacks/engines/matching_engine.hpp"
#include "core/error.hpp"
#include "models/network_builder.hpp"
#include "observations.hpp"

namespace medpfl::engines_test {
namespace {

using observations::build;
using observations::noise_images;
using observations::observe;

constexpr int64_t kSize = 16, kClasses = 4;

struct Case {
  std::string model, activation, init;
  // Of the image gradients: what the difference of pearlmutter may be off by, relatively.
  double pearlmutter_bound;
};

Model model_of(const Case& c) {
  if (c.model == "mlp") return build("mlp", kSize, kClasses, c.activation, {{"depth", "2"}});
  if (c.model == "convnet-small")
    return build("convnet-small", kSize, kClasses, c.activation, {{"width", "8"}, {"groups", "4"}});
  if (c.model != "odd" && c.model != "normalized")
    return build(c.model, kSize, kClasses, c.activation);
  // Strides and sizes that do not divide the image.
  ModelRequest request;
  request.input = {1, kSize, kSize};
  request.classes = kClasses;
  request.activation = OptionText<std::optional<Activation>>::parse("activation", c.activation);
  if (c.model == "normalized") {
    request.normalization = {{0.45}, {0.22}};
    NetworkBuilder net(request, Activation::kTanh);
    return net.convolution(6, 3, 1, 1).activation().max_pool(2).dense(7).build("normalized");
  }
  NetworkBuilder net(request, Activation::kTanh);
  net.convolution(6, 3, 3, 1).activation().group_norm(3).convolution(5, 2, 1, 0).max_pool(2);
  return net.dense(7).activation().build("odd");
}

// One way to state the labels of `batch` candidates: hard, soft, or a fixed error.
Candidate candidate_of(const std::string& labels, int64_t batch) {
  Candidate candidate;
  candidate.images = noise_images(batch, kSize, 12);
  std::vector<int64_t> classes;
  for (int64_t b = 0; b < batch; ++b) classes.push_back((3 * b + 1) % kClasses);
  candidate.labels = at::tensor(classes, at::kLong);
  const at::Tensor numbers =
      noise_images(1, 8, 13).flatten().slice(0, 0, batch * kClasses).view({batch, kClasses});
  if (labels == "soft") candidate.label_logits = numbers.mul(3);
  if (labels == "fixed error") candidate.output_error = numbers.sub(0.5);
  return candidate;
}

double relative_error(const at::Tensor& found, const at::Tensor& exact) {
  return found.sub(exact).norm().item<double>() / exact.norm().item<double>();
}

class Engines : public ::testing::TestWithParam<Case> {};

void compare(const std::string& name, const Case& c, double value_bound, double gradient_bound) {
  const Model model = model_of(c);
  ASSERT_TRUE(native_applies(model));
  for (const int64_t batch : {1, 4}) {
    std::vector<int64_t> truth(static_cast<size_t>(batch), 2);
    truth[0] = 1;
    Observation seen = observe(model, noise_images(batch, kSize, 11), truth);
    seen.weights = initial_weights(model, {words_of(InitKind()).parse(c.init), 0.5}, 3);
    Differentiator(model, seen.weights)
        .gradient(noise_images(batch, kSize, 11), at::tensor(truth, at::kLong), &seen.gradient);
    for (const std::string objective_name : {"l2", "relative-l2"}) {
      const auto objective =
          make_gradient_distance({words_of(DistanceKind()).parse(objective_name)}, seen.gradient);
      const auto exact = make_exact_engine(model, seen, *objective);
      const auto engine = make_engine(words_of(EngineKind()).parse(name), model, seen, *objective);
      for (const std::string labels : {"hard", "soft", "fixed error"}) {
        SCOPED_TRACE(objective_name + ", " + labels + ", batch " + std::to_string(batch));
        const Candidate candidate = candidate_of(labels, batch);
        CandidateGradient a, b;
        const double value = exact->evaluate(candidate, &a);
        EXPECT_NEAR(engine->evaluate(candidate, &b), value, value_bound * value);
        ASSERT_TRUE(a.images.sizes() == b.images.sizes());
        ASSERT_GT(a.images.norm().item<double>(), 0);
        EXPECT_LT(relative_error(b.images, a.images), gradient_bound);
        ASSERT_EQ(b.label_logits.defined(), labels == "soft");
        if (labels == "soft") {
          EXPECT_LT(relative_error(b.label_logits, a.label_logits), 3 * gradient_bound);
        }
      }
    }
  }
}

TEST_P(Engines, NativeAgreesWithDoubleBackward) { compare("native", GetParam(), 1e-5, 2e-5); }

TEST_P(Engines, PearlmutterAgreesWithDoubleBackward) {
  compare("pearlmutter", GetParam(), 1e-6, GetParam().pearlmutter_bound);
}

constexpr double kSmooth = 1e-2, kKinked = 1e-2;

INSTANTIATE_TEST_SUITE_P(Models, Engines,
                         ::testing::Values(Case{"lenet-medpfl", "auto", "uniform", kSmooth},
                                           Case{"lenet-dlg", "tanh", "uniform", kSmooth},
                                           Case{"lenet-dlg", "silu", "kaiming", kSmooth},
                                           Case{"lenet-cpl", "elu", "kaiming", kSmooth},
                                           Case{"mlp", "auto", "pytorch", kKinked},
                                           Case{"mlp", "sigmoid", "uniform", kSmooth},
                                           Case{"mlp", "leaky_relu", "pytorch", kKinked},
                                           Case{"convnet-small", "auto", "pytorch", kKinked},
                                           Case{"convnet-small", "silu", "kaiming", kKinked},
                                           Case{"odd", "auto", "xavier", kKinked},
                                           Case{"normalized", "auto", "xavier", kKinked}),
                         [](const auto& test) {
                           std::string name = test.param.model + "_" + test.param.activation;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// One engine for batches of any size, one after the other, each as if it were the first.
TEST(NativeEngine, FollowsTheSizeOfTheBatch) {
  const Model model = build("convnet-small", kSize, kClasses);
  const Observation seen = observe(model, noise_images(2, kSize, 11), {1, 3});
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  const auto engine = make_native_engine(model, seen, *objective);
  CandidateGradient kept, fresh;
  for (const int64_t batch : {2, 4, 1, 2}) {
    const Candidate candidate = candidate_of("soft", batch);
    const double value = engine->evaluate(candidate, &kept);
    EXPECT_EQ(make_native_engine(model, seen, *objective)->evaluate(candidate, &fresh), value);
    EXPECT_TRUE(kept.images.equal(fresh.images));
    EXPECT_TRUE(kept.label_logits.equal(fresh.label_logits));
  }
}

TEST(NativeEngine, ShowsACandidateThatIsNotFinite) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen = observe(model, noise_images(1, kSize, 11), {1});
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  Candidate candidate = candidate_of("hard", 1);
  candidate.images.fill_(std::numeric_limits<float>::quiet_NaN());
  CandidateGradient gradient;
  EXPECT_TRUE(
      std::isnan(make_native_engine(model, seen, *objective)->evaluate(candidate, &gradient)));
  EXPECT_TRUE(std::isnan(gradient.images.sum().item<double>()));
}

TEST(NativeEngine, RefusesALabelThatIsNoClass) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen = observe(model, noise_images(1, kSize, 11), {1});
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  Candidate candidate = candidate_of("hard", 1);
  candidate.labels.fill_(kClasses);
  CandidateGradient gradient;
  EXPECT_THROW(make_native_engine(model, seen, *objective)->evaluate(candidate, &gradient), Error);
}

// "cpu:0" stands for a GPU, as in tests/models/device_views_test.cpp.
TEST(MakeEngine, NativeIsForTheCpu) {
  Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen = observe(model, noise_images(1, kSize, 11), {1});
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  EXPECT_TRUE(native_applies(model));
  model.compute_on(at::Device(at::kCPU, 0));
  EXPECT_FALSE(native_applies(model));
  CandidateGradient exact, chosen;
  const Candidate candidate = candidate_of("hard", 1);
  make_exact_engine(model, seen, *objective)->evaluate(candidate, &exact);
  make_engine(choose_engine({}, model), model, seen, *objective)->evaluate(candidate, &chosen);
  EXPECT_TRUE(exact.images.equal(chosen.images));
  try {
    choose_engine(EngineKind::kNative, model);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "attack.engine=native does not know all layers of model 'lenet-dlg', or run.device "
        "is not cpu: it computes sequences of convolution, dense, normalization by groups, "
        "activation and max pooling on the CPU; use attack.engine=auto");
  }
}

TEST(MakeEngine, AutoIsNativeWhereItApplies) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen = observe(model, noise_images(1, kSize, 11), {1});
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  const Candidate candidate = candidate_of("hard", 1);
  CandidateGradient native, chosen;
  make_native_engine(model, seen, *objective)->evaluate(candidate, &native);
  make_engine(choose_engine({}, model), model, seen, *objective)->evaluate(candidate, &chosen);
  EXPECT_TRUE(native.images.equal(chosen.images));
}

}  // namespace
}  // namespace medpfl::engines_test
