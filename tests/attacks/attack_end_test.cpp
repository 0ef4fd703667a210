// How attacks end: patience, a gradient that has vanished, values that are not finite.
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "attack_runs.hpp"
#include "models/differentiator.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using attack_runs::make_attack;
using attack_runs::Options;
using attack_runs::run;
using observations::build;
using observations::noise_images;
using observations::observe;
using observations::phantom_image;

TEST(MatchingAttack, BoxKeepsImagesInRangeAndPatienceEndsIt) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  for (const std::string optimizer : {"adam", "lbfgs"}) {
    const Reconstruction r = run(*make_attack("idlg", {{"optimizer", optimizer},
                                                       {"box", "true"},
                                                       {"iterations", "30"},
                                                       {"line_search", "strong-wolfe"}}),
                                 model, seen);
    EXPECT_EQ(r.trace.size(), static_cast<size_t>(r.iterations));
    EXPECT_LT(r.objective, r.trace.front());
  }
  // Steps of length 1e-30 change nothing in float32.
  const Reconstruction r = run(
      *make_attack(
          "inverting-gradients",
          {{"learning_rate", "1e-30"}, {"labels", "idlg"}, {"init", "uniform"}, {"patience", "7"}}),
      model, seen);
  EXPECT_EQ(r.status, "unimproved") << "its start is what it returns";
  EXPECT_EQ(r.iterations, 8);
  const Reconstruction late = run(
      *make_attack("inverting-gradients", {{"labels", "idlg"}, {"patience", "2"}}), model, seen);
  EXPECT_EQ(late.status, "patience");
  EXPECT_LT(late.iterations, 4800);
  EXPECT_LT(late.matching_loss, late.trace.front());
}

// A LeNet at U(-0.5, 0.5) that is made ever surer of the image: the margin of its logits grows.
Observation sure(const Model& model, const at::Tensor& image, int64_t label, float margin) {
  Observation seen = observe(model, image, {label});
  seen.weights.view(model.head().weight).zero_();
  seen.weights.view(model.head().bias).zero_()[label] = margin;
  Differentiator(model, seen.weights)
      .gradient(image, at::tensor({label}, at::kLong), &seen.gradient);
  return seen;
}

TEST(VanishedGradient, IsThatOfAProbabilityThatRoundsToOne) {
  const auto [image, label] = phantom_image(32, 3);
  const Model model = build("lenet-medpfl", 32, 4);
  for (const float margin : {0.0F, 5.0F, 10.0F, 14.0F}) {
    EXPECT_LT(1 / (1 + 3 * std::exp(-margin)), 1.0F) << margin;
    EXPECT_GT(gradient_norm(sure(model, image, label, margin)), kVanishedNorm) << margin;
  }
  for (const float margin : {21.0F, 25.0F, 40.0F, 200.0F}) {
    EXPECT_EQ(1 / (1 + 3 * std::exp(-margin)), 1.0F) << margin;
    EXPECT_LT(gradient_norm(sure(model, image, label, margin)), kVanishedNorm) << margin;
  }
}

// Any candidate of a sure network has a gradient as near to zero: stop_loss must not be met by it.
TEST(VanishedGradient, MeetsNoStopLoss) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = sure(model, image, label, 21);
  const Reconstruction r =
      run(*make_attack("idlg", {{"stop_loss", "1e-6"}, {"iterations", "20"}}), model, seen);
  EXPECT_LT(r.matching_loss, 1e-6);
  EXPECT_EQ(r.status, "flat");
  // A distance that is relative to the gradient is 1 for a gradient of zero: stop_loss holds.
  const Reconstruction relative =
      run(*make_attack("idlg",
                       {{"stop_loss", "0.99"}, {"objective", "relative-l2"}, {"init", "uniform"}}),
          model, observe(model, image, {label}));
  EXPECT_EQ(relative.status, "below-stop-loss");
}

TEST(MatchingAttack, ADivergedAttackIsAFiniteResult) {
  const Model model = build("mlp", 16, 4, "leaky_relu", {{"hidden", "16"}});
  const Observation seen = observe(model, noise_images(1, 16, 5), {2});
  // Every quasi-Newton step overshoots by this factor, until float32 ends.
  const Options overshoot = {{"learning_rate", "1e4"}, {"output_error", "observed"}};
  const Reconstruction late = run(*make_attack("idlg", overshoot), model, seen);
  EXPECT_EQ(late.status, "diverged");
  EXPECT_TRUE(std::isfinite(late.objective));
  EXPECT_TRUE(at::isfinite(late.images).all().item<bool>());
  EXPECT_LT(late.iterations, 300);
  EXPECT_GT(late.evaluations, 2);

  Observation broken = seen;
  broken.gradient.fill(std::numeric_limits<float>::quiet_NaN());
  for (const char* name : {"dlg", "idlg"}) {
    const Reconstruction at_once = run(*make_attack(name, {}), model, broken);
    EXPECT_EQ(at_once.status, "diverged");
    EXPECT_EQ(at_once.iterations, 1);
    EXPECT_TRUE(at::isfinite(at_once.images).all().item<bool>());
    EXPECT_EQ(at_once.labels.size(), 1U);
  }
}

}  // namespace
}  // namespace medpfl
