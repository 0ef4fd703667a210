// Terms of the objective that need the network: the fit of labels, the penalty on the slope.
#include "attacks/matching/matching_target.hpp"

#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/attack.hpp"
#include "attacks/matching/network_priors.hpp"
#include "attacks/optimizers/vector_math.hpp"
#include "core/error.hpp"
#include "observations.hpp"

namespace medpfl::matching_target_test {
namespace {

using observations::build;
using observations::noise_images;
using observations::observe;

constexpr int64_t kSize = 12, kClasses = 4;

// A target on a batch of two, at a point near neither image.
struct Setting {
  Setting(const std::string& model_name, const std::string& activation, double label_fit,
          double penalty, bool joint)
      : model(build(model_name, kSize, kClasses, activation)),
        seen(observe(model, noise_images(2, kSize, 11), {1, 3})),
        objective(make_gradient_distance({DistanceKind::kCosine}, seen.gradient)),
        engine(make_engine(choose_engine({}, model), model, seen, *objective)),
        variables(make_pixels({2, 1, kSize, kSize}, FirstImages::kUniform, {}),
                  {2, 1, kSize, kSize}, 1, joint ? 2 * kClasses : 0),
        x(static_cast<size_t>(variables.size())) {
    Candidate knowledge;
    if (!joint) knowledge.labels = at::tensor({1, 3}, at::kLong);
    std::vector<Term> terms;
    if (label_fit > 0) terms.push_back(label_fit_term(label_fit, model, seen, {1, 3}));
    target.emplace(terms, engine.get(), 1, penalty, knowledge);
    RandomStream random({9, Purpose::kAttackStart, 0, 0, 0});
    variables.begin(&random, x.data());
  }

  double value(const std::vector<float>& at) {
    std::vector<float> unused(at.size());
    return target->evaluate(variables, at.data(), unused.data());
  }

  // (slope along `direction` by central difference) / (slope by the gradient).
  double slope_ratio(const std::vector<float>& direction, double step) {
    const auto n = static_cast<int64_t>(direction.size());
    std::vector<float> gradient(direction.size());
    target->evaluate(variables, x.data(), gradient.data());
    std::vector<float> ahead = x, behind = x;
    axpy(step, direction.data(), ahead.data(), n);
    axpy(-step, direction.data(), behind.data(), n);
    return (value(ahead) - value(behind)) / (2 * step) / dot(gradient.data(), direction.data(), n);
  }

  std::vector<float> unit_gradient() {
    std::vector<float> gradient(x.size());
    target->evaluate(variables, x.data(), gradient.data());
    const double norm =
        std::sqrt(dot(gradient.data(), gradient.data(), static_cast<int64_t>(gradient.size())));
    for (float& g : gradient) g = static_cast<float>(g / norm);
    return gradient;
  }

  Model model;
  Observation seen;
  std::unique_ptr<GradientDistance> objective;
  std::unique_ptr<MatchingEngine> engine;
  Variables variables;
  std::vector<float> x;
  std::optional<MatchingTarget> target;
};

TEST(LabelFit, IsTheSquaredErrorOfProbabilities) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen = observe(model, noise_images(2, kSize, 11), {1, 3});
  const at::Tensor images = noise_images(2, kSize, 12);
  std::vector<float> gradient(static_cast<size_t>(images.numel()), 0.5F);
  const Term fit = label_fit_term(2, model, seen, {1, 3});
  EXPECT_EQ(fit.name, "label_fit");
  const double value = fit.evaluate(images, fit.weight, gradient.data());
  const at::Tensor p = at::softmax(model.forward(seen.weights.views(), images), 1).contiguous();
  double expected = 0;
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t k = 0; k < kClasses; ++k) {
      const double error = p.data_ptr<float>()[b * kClasses + k] - (k == 2 * b + 1 ? 1.0 : 0.0);
      expected += error * error / 2;
    }
  EXPECT_NEAR(value, expected, 1e-6 * expected);
  // Twice the slope was added to what was there, by single pixels.
  double worst = 0, largest = 0;
  for (const int64_t i : {0, 17, 77, 150, 287}) {
    std::vector<float> unused(gradient.size());
    const auto at = [&](float by) {
      const at::Tensor moved = images.clone();
      moved.data_ptr<float>()[i] += by;
      return fit.evaluate(moved, 0, unused.data());
    };
    const double slope = (at(1e-2F) - at(-1e-2F)) / 2e-2;
    worst = std::max(worst, std::abs(gradient[static_cast<size_t>(i)] - 0.5 - 2 * slope));
    largest = std::max(largest, std::abs(2 * slope));
  }
  EXPECT_LT(worst, 0.02 * largest);
}

TEST(LabelFit, IsATermOfTheObjective) {
  Setting with("lenet-dlg", "auto", 3, 0, false), without("lenet-dlg", "auto", 0, 0, false);
  std::vector<float> unused(with.x.size());
  const double fit =
      label_fit_term(3, with.model, with.seen, {1, 3})
          .evaluate(with.variables.candidate(with.x.data()).images, 0, unused.data());
  EXPECT_NEAR(with.value(with.x), without.value(without.x) + 3 * fit, 1e-6);
  EXPECT_NEAR(with.slope_ratio(with.unit_gradient(), 1e-2), 1, 1e-2);
  EXPECT_EQ(with.target->cost(), 1);
}

TEST(GradientPenalty, IsTheSquareOfTheDistancesGradient) {
  Setting with("lenet-dlg", "auto", 0, 0.5, false), without("lenet-dlg", "auto", 0, 0, false);
  std::vector<float> g(without.x.size());
  const double distance = without.target->evaluate(without.variables, without.x.data(), g.data());
  const double square = dot(g.data(), g.data(), static_cast<int64_t>(g.size()));
  EXPECT_NEAR(with.value(with.x) - distance, 0.5 * square, 1e-6 * square);
  EXPECT_EQ(with.target->cost(), 2);
}

// In networks without kinks; a penalty so heavy that it is nearly all of the objective; labels,
// where varied, move with it.
TEST(GradientPenalty, GradientIsTheSlope) {
  for (const bool joint : {false, true}) {
    Setting lenet("lenet-dlg", "auto", 0, 1e6, joint);
    EXPECT_NEAR(lenet.slope_ratio(lenet.unit_gradient(), 1e-2), 1, 2e-2) << joint;
    Setting other("lenet-cpl", "silu", 0, 1e6, joint);
    EXPECT_NEAR(other.slope_ratio(other.unit_gradient(), 1e-2), 1, 2e-2) << joint;
  }
}

TEST(GradientPenalty, CostsTwoEvaluations) {
  const Model model = build("lenet-dlg", kSize, kClasses);
  const Observation seen = observe(model, noise_images(1, kSize, 11), {1});
  const auto& entry = attacks().find("partial-match");
  OptionValues own = OptionValues::defaults(entry.options);
  own.set("gradient_penalty", "0.1");
  own.set("iterations", "5");
  int64_t told = 0;
  const Reconstruction result = *entry.create(own, {})->run(
      model, seen, {1, Purpose::kAttackStart, 0, 0, 0}, "", [&](const AttackProgress& progress) {
        told = progress.evaluations;
        return AttackOrder::kGoOn;
      });
  EXPECT_EQ(result.evaluations, 10);
  EXPECT_EQ(told, 8);  // after the fourth of five
}

TEST(LabelFit, NeedsLabels) {
  const auto& entry = attacks().find("dlg");
  OptionValues own = OptionValues::defaults(entry.options);
  own.set("label_fit", "1");
  try {
    entry.create(own, {});
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "label_fit compares the network's answer with labels that are known or inferred, "
                 "and labels=joint optimizes them: use labels=idlg or another rule, or "
                 "label_fit=0");
  }
}

}  // namespace
}  // namespace medpfl::matching_target_test
