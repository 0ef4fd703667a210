#include "attacks/distances/gradient_distance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.hpp"
#include "core/random.hpp"

namespace medpfl {
namespace {

// A gradient of these tensors, in order.
FlatParameters flat(const std::vector<std::pair<std::string, std::vector<float>>>& tensors) {
  ParameterLayout layout;
  for (const auto& [name, values] : tensors)
    layout.add(name, {static_cast<int64_t>(values.size())});
  FlatParameters out(layout);
  float* at = out.data();
  for (const auto& [name, values] : tensors) at = std::copy(values.begin(), values.end(), at);
  return out;
}

FlatParameters one(const std::vector<float>& values) { return flat({{"w", values}}); }

struct Result {
  double value;
  std::vector<float> derivative;
};

void expect_same(double a, double b) {
  if (std::isnan(b))
    EXPECT_TRUE(std::isnan(a));
  else
    EXPECT_EQ(a, b);
}

// A move goes along the derivative, as far as it is told.
void expect_move(const GradientDistance& objective, const std::vector<float>& dummy,
                 const Result& at) {
  double norm = 0;
  for (const float d : at.derivative) norm += static_cast<double>(d) * d;
  norm = std::sqrt(norm);
  if (!std::isfinite(norm)) return;
  std::vector<float> from(dummy.size(), 0.25F), out = dummy;
  const auto n = static_cast<int64_t>(dummy.size());
  const Move move = objective.move(out.data(), from.data(), 0.5, n, out.data());
  expect_same(move.value, at.value);
  if (norm < 1e-6) return;  // by its last bits
  EXPECT_NEAR(move.step * norm, 0.5, 1e-5);
  for (size_t i = 0; i < out.size(); ++i)
    EXPECT_NEAR(out[i], 0.25 + move.step * at.derivative[i], 1e-5) << i;
}

Result evaluate(const DistanceOptions& options, const FlatParameters& observed,
                const std::vector<float>& dummy) {
  Result out{0, std::vector<float>(dummy.size(), 77)};
  const auto objective = make_gradient_distance(options, observed);
  out.value = objective->evaluate(dummy.data(), out.derivative.data());
  // Engines keep the two in one place.
  std::vector<float> both = dummy;
  expect_same(objective->evaluate(both.data(), both.data()), out.value);
  EXPECT_EQ(std::memcmp(both.data(), out.derivative.data(), both.size() * sizeof(float)), 0)
      << word_of(options.distance);
  expect_move(*objective, dummy, out);
  return out;
}

TEST(GradientDistance, L2ByHand) {
  const Result r = evaluate({DistanceKind::kL2}, one({0, 2, 0.5F}), {1, -2, 0.5F});
  EXPECT_DOUBLE_EQ(r.value, 17);
  EXPECT_EQ(r.derivative, (std::vector<float>{2, -8, 0}));
}

TEST(GradientDistance, RelativeL2DividesByTheObservedEnergy) {
  const Result r = evaluate({DistanceKind::kRelativeL2}, one({0, 2, 0}), {1, -2, 0.5F});
  EXPECT_DOUBLE_EQ(r.value, 17.25 / 4);
  EXPECT_EQ(r.derivative, (std::vector<float>{0.5F, -2, 0.25F}));
  // The value stays when both gradients are a thousand times weaker.
  EXPECT_NEAR(
      evaluate({DistanceKind::kRelativeL2}, one({0, 2e-3F, 0}), {1e-3F, -2e-3F, 0.5e-3F}).value,
      17.25 / 4, 1e-5);
  EXPECT_DOUBLE_EQ(evaluate({DistanceKind::kRelativeL2}, one({0, 0, 0}), {1, -2, 0.5F}).value, 5.25)
      << "nothing observed: the plain distance";
}

TEST(GradientDistance, NormsOfEachTensorByHand) {
  const FlatParameters observed = flat({{"a", {0, 0}}, {"b", {1, 1}}, {"c", {2, 2}}});
  const Result r = evaluate({DistanceKind::kNorms}, observed, {3, 4, 1, 1, 2, 1});
  EXPECT_DOUBLE_EQ(r.value, 6);
  EXPECT_EQ(r.derivative, (std::vector<float>{0.6F, 0.8F, 0, 0, 0, -1}));
}

TEST(GradientDistance, L1ByHand) {
  const Result r = evaluate({DistanceKind::kL1}, one({0, 2, 0.5F}), {1, -2, 0.5F});
  EXPECT_DOUBLE_EQ(r.value, 5);
  EXPECT_EQ(r.derivative, (std::vector<float>{1, -1, 0}));
}

TEST(GradientDistance, CosineByHand) {
  const Result r = evaluate({DistanceKind::kCosine}, one({3, 4}), {1, 0});
  EXPECT_NEAR(r.value, 0.4, 1e-12);
  EXPECT_NEAR(r.derivative[0], 0, 1e-7);  // along the vector nothing changes
  EXPECT_NEAR(r.derivative[1], -0.8, 1e-7);
  EXPECT_NEAR(evaluate({DistanceKind::kCosine}, one({3, 4}), {30, 40}).value, 0, 1e-12)
      << "blind to scale";
  EXPECT_NEAR(evaluate({DistanceKind::kCosine}, one({3, 4}), {-3, -4}).value, 2, 1e-12);
  const Result none = evaluate({DistanceKind::kCosine}, one({3, 4}), {0, 0});
  EXPECT_EQ(none.value, 1);
  EXPECT_EQ(none.derivative, (std::vector<float>{0, 0}));
}

TEST(GradientDistance, KernelByHand) {
  DistanceOptions options{DistanceKind::kKernel};
  const FlatParameters observed = flat({{"a", {1, -1}}, {"b", {3, 1, 3, 1}}, {"c", {5}}});
  const std::vector<float> dummy = {0, -1, 3, 1, 3, 3, 5};
  // Mean 13 / 7 and mean square 47 / 7; squared differences 1 and 4.
  const double variance = 47.0 / 7 - 169.0 / 49;
  EXPECT_NEAR(evaluate(options, observed, dummy).value, 1 - std::exp(-5.0 / 7 / variance), 1e-9);
  options.kernel_sigma = 2;
  EXPECT_NEAR(evaluate(options, observed, dummy).value, 1 - std::exp(-5.0 / 14), 1e-9);
  options.kernel_sigma = kKernelPerLayer;  // variances 1 and 1; c has none and is left out
  EXPECT_NEAR(evaluate(options, observed, dummy).value, 2 - std::exp(-0.5) - std::exp(-1), 1e-9);
}

TEST(GradientDistance, BrokenMessagesStayVisible) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const DistanceKind kind : words_of(DistanceKind()).values())
    EXPECT_TRUE(std::isnan(evaluate({kind}, one({nan, 1}), {1, 2}).value)) << word_of(kind);
  DistanceOptions options{DistanceKind::kCosine};
  options.view.top_entries = 50;
  options.view.noise = 0.1;
  options.view.nonzero = true;
  options.view.top_layers = 1;
  EXPECT_TRUE(std::isnan(
      evaluate(options, flat({{"a", {1, 2}}, {"b", {nan, 1, nan}}}), {1, 2, 3, 4, 5}).value));
}

struct View {
  std::string what;
  ViewOptions options;
  std::vector<float> expected;  // derivative of l2 against the observed gradient below
};

class ObjectiveView : public ::testing::TestWithParam<View> {};

const std::vector<float> kDummy(8, 1);

FlatParameters observed_layers() {
  return flat({{"conv1.weight", {0, 3, 0}},
               {"conv1.bias", {0}},
               {"fc.weight", {-2, 5, 0.5F}},
               {"fc.bias", {4}}});
}

TEST_P(ObjectiveView, ComparesOnlyWhatItNames) {
  const Result r =
      evaluate({DistanceKind::kL2, kKernelGlobal, GetParam().options}, observed_layers(), kDummy);
  EXPECT_EQ(r.derivative, GetParam().expected);
  double value = 0;
  for (const float d : r.derivative) value += 0.25 * d * d;
  EXPECT_NEAR(r.value, value, 1e-6);
}

ViewOptions excluding(const std::vector<std::string>& patterns) {
  ViewOptions out;
  out.exclude = patterns;
  return out;
}
ViewOptions top_layers(int64_t k) {
  ViewOptions out;
  out.top_layers = k;
  return out;
}
ViewOptions top_entries(double percent) {
  ViewOptions out;
  out.top_entries = percent;
  return out;
}
ViewOptions nonzero(double percent) {
  ViewOptions out = top_entries(percent);
  out.nonzero = true;
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Views, ObjectiveView,
    ::testing::Values(View{"All", {}, {2, -4, 2, 2, 6, -8, 1, -6}},
                      View{"Exclude", excluding({"conv*", "fc.bias"}), {0, 0, 0, 0, 6, -8, 1, 0}},
                      View{"TopLayers", top_layers(2), {0, 0, 0, 0, 6, -8, 1, -6}},
                      View{"MoreLayersThanThereAre", top_layers(9), {2, -4, 2, 2, 6, -8, 1, -6}},
                      View{"TopEntries", top_entries(30), {0, -4, 0, 0, 0, -8, 0, -6}},
                      View{"AtLeastOneEntry", top_entries(0.01), {0, 0, 0, 0, 0, -8, 0, 0}},
                      View{"Nonzero", nonzero(100), {0, -4, 0, 0, 6, -8, 1, -6}}),
    [](const auto& test) { return test.param.what; });

TEST(GradientDistance, KnownNoiseWeighsLayersByTheirSignal) {
  DistanceOptions options{DistanceKind::kL2};
  options.view.noise = 1;
  // Mean squares 4 and 0.5: three quarters are signal, and nothing.
  const Result r = evaluate(options, flat({{"a", {2, -2}}, {"b", {1, 0}}}), {1, 1, 1, 1});
  EXPECT_NEAR(r.value, 0.75 * (1 + 9), 1e-5);
  EXPECT_NEAR(r.derivative[0], -1.5, 1e-5);
  EXPECT_NEAR(r.derivative[1], 4.5, 1e-5);
  EXPECT_EQ(r.derivative[2], 0);
}

TEST(GradientDistance, NothingLeftHasNoGradient) {
  DistanceOptions options{DistanceKind::kCosine};
  options.view.nonzero = true;
  const Result r = evaluate(options, one({0, 0}), {1, 2});
  EXPECT_EQ(r.value, 1);
  EXPECT_EQ(r.derivative, (std::vector<float>{0, 0}));
}

TEST(GradientDistance, MistakesAreRefused) {
  const auto message = [](const std::vector<std::string>& exclude) -> std::string {
    try {
      make_gradient_distance({DistanceKind::kL2, kKernelGlobal, excluding(exclude)},
                             observed_layers());
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({"fc.weigth"}),
            "exclude: 'fc.weigth' is no parameter tensor of the network (did you mean fc.weight?); "
            "there are conv1.weight, conv1.bias, fc.weight, fc.bias");
  EXPECT_EQ(message({"fc*", "conv*"}), "exclude=fc*,conv* leaves no parameter tensor to compare");
}

// Each derivative against central differences, over layers of different size and every view.
TEST(GradientDistance, DerivativesAgreeWithCentralDifferences) {
  RandomStream random({3, Purpose::kBenchmark, 0, 0, 0});
  const auto draw = [&](size_t n, double scale) {
    std::vector<float> out(n);
    for (float& v : out) v = static_cast<float>(scale * random.normal());
    return out;
  };
  const FlatParameters observed =
      flat({{"a", draw(40, 1)}, {"b", draw(7, 3)}, {"c", draw(25, 0.3)}});
  std::vector<float> dummy = draw(72, 1);
  std::vector<ViewOptions> views(4);
  views[1].top_layers = 2;
  views[2].top_entries = 40;
  views[3].noise = 0.25;
  views[3].exclude = {"b"};
  for (const DistanceKind kind : words_of(DistanceKind()).values())
    for (const double sigma : {kKernelGlobal, kKernelPerLayer, 3.0})
      for (const ViewOptions& view : views) {
        const auto objective = make_gradient_distance({kind, sigma, view}, observed);
        std::vector<float> derivative(72), unused(72);
        objective->evaluate(dummy.data(), derivative.data());
        double largest = 0;
        for (const float d : derivative) largest = std::max<double>(largest, std::abs(d));
        ASSERT_GT(largest, 0);
        for (size_t i = 0; i < dummy.size(); ++i) {
          const float kept = dummy[i];
          dummy[i] = kept + 2e-3F;
          const double above = objective->evaluate(dummy.data(), unused.data());
          const double high = dummy[i];
          dummy[i] = kept - 2e-3F;
          const double slope =
              (above - objective->evaluate(dummy.data(), unused.data())) / (high - dummy[i]);
          dummy[i] = kept;
          EXPECT_NEAR(derivative[i], slope, 1e-3 * largest)
              << word_of(kind) << " " << sigma << " " << i;
        }
      }
}

}  // namespace
}  // namespace medpfl
