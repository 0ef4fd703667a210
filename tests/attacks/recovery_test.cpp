#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "attack_runs.hpp"
#include "core/error.hpp"
#include "metrics/image.hpp"
#include "models/differentiator.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using attack_runs::defaults_of;
using attack_runs::expect_same;
using attack_runs::make_attack;
using attack_runs::matching_presets;
using attack_runs::needs_statistics;
using attack_runs::Options;
using attack_runs::run;
using attack_runs::run_in_pieces;
using attack_runs::varies_pixels_alone;
using observations::build;
using observations::gain_over_public_mean;
using observations::noise_images;
using observations::observe;
using observations::phantom_image;

const Options kRobust = {{"output_error", "observed"}, {"objective", "relative-l2"},
                         {"init", "uniform"},          {"line_search", "strong-wolfe"},
                         {"iterations", "60"},         {"stop_loss", "1e-9"}};

// What confines an attack to one image, and what would not.
std::string single_image(const Attack& attack) {
  const std::optional<SingleImage> one = attack.facts().single_image;
  return one ? one->option + "=" + one->value + ", else " + one->instead : "";
}

class Recovery : public ::testing::TestWithParam<std::string> {};

TEST_P(Recovery, FindsAPhantomScan) {
  constexpr int64_t kSize = 24;
  const auto [image, label] = phantom_image(kSize, 3);
  const Model model = build("lenet-medpfl", kSize, 4);
  const Observation seen = observe(model, image, {label});
  const auto attack = make_attack(GetParam(), kRobust);
  const Reconstruction result = run(*attack, model, seen);
  EXPECT_GT(gain_over_public_mean(result.images, kSize, 3), 12);
  EXPECT_EQ(result.labels, std::vector<int64_t>{label});
  EXPECT_LT(result.objective, 1e-4);
  EXPECT_EQ(single_image(*attack), "output_error=observed, else softmax");
}

// Each engine leads the same attack to the image.
TEST(MatchingAttack, EveryEngineFindsAPhantomScan) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  for (const std::string engine : {"exact", "pearlmutter", "native"}) {
    AttackRequest request;
    request.engine = engine;
    const Reconstruction result = run(*make_attack("idlg", kRobust, request), model, seen);
    EXPECT_GT(gain_over_public_mean(result.images, 16, 3), 12) << engine;
  }
}

TEST_P(Recovery, PublishedSettingsLowerTheObjective) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  std::vector<double> objective;
  const Reconstruction result =
      *make_attack(GetParam(), {{"iterations", "20"}, {"line_search", "strong-wolfe"}})
           ->run(model, seen, {1, Purpose::kAttackStart, 0, 0, 0}, "",
                 [&](const AttackProgress& progress) {
                   objective.push_back(progress.objective);
                   return AttackOrder::kGoOn;
                 });
  ASSERT_FALSE(objective.empty());
  EXPECT_LT(result.objective, 0.2 * objective.front());
  EXPECT_LE(result.objective, *std::min_element(objective.begin(), objective.end()));
}

// Stopped after any iteration and continued by an attack that knows only the saved state.
TEST_P(Recovery, StoppedAndContinuedGivesTheSameBits) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  AttackRequest request;
  request.snapshots = {0, 2, 5, 7};
  for (const std::string line_search : {"none", "strong-wolfe"}) {
    const Options options = {{"iterations", "8"}, {"line_search", line_search}, {"inner", "3"}};
    const StreamKey start{1, Purpose::kAttackStart, 0, 0, 0};
    const Reconstruction whole = run(*make_attack(GetParam(), options, request), model, seen);
    ASSERT_GE(whole.iterations, 7);
    std::string state;
    std::optional<Reconstruction> pieces;
    int runs = 0;
    for (; !pieces; ++runs) {
      ASSERT_LT(runs, 8);
      pieces = make_attack(GetParam(), options, request)
                   ->run(model, seen, start, state, [&](const AttackProgress& progress) {
                     if (progress.iteration % 3 != 0) return AttackOrder::kGoOn;
                     state = progress.save();
                     return AttackOrder::kAbandon;
                   });
    }
    EXPECT_EQ(runs, 3);
    expect_same(whole, *pieces);
    EXPECT_EQ(whole.snapshot_iterations, pieces->snapshot_iterations);
    for (size_t i = 0; i < whole.snapshots.size(); ++i)
      EXPECT_TRUE(whole.snapshots[i].equal(pieces->snapshots[i]));
  }
}

// Adam with all that it keeps: moments, noise, the step of a schedule, filters, patience.
TEST(Adam, StoppedAndContinuedGivesTheSameBits) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  const Options options = {{"iterations", "16"}, {"langevin", "0.1"}, {"median_every", "5"},
                           {"patience", "9"},    {"labels", "joint"}, {"feature_match", "0"}};
  for (const std::string& preset : matching_presets()) {
    if (defaults_of(preset).text("optimizer") != "adam" || needs_statistics(preset) ||
        !varies_pixels_alone(preset))
      continue;
    const Reconstruction whole = run(*make_attack(preset, options), model, seen);
    ASSERT_GE(whole.iterations, 9);
    expect_same(whole, run_in_pieces(preset, options, model, seen));
  }
}

// Whatever the optimizer evaluated last: a line search ends with points it did not take.
TEST(MatchingAttack, TermsOfTheTraceAddUpToTheObjective) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  for (const Options& optimizer : {Options{{"line_search", "strong-wolfe"}}, Options{},
                                   Options{{"optimizer", "adam"}, {"learning_rate", "0.1"}}}) {
    Options options = optimizer;
    options.insert(options.end(), {{"iterations", "12"}, {"inner", "3"}});
    const Reconstruction bare = run(*make_attack("idlg", options), model, seen);
    EXPECT_EQ(bare.terms, std::vector<std::string>{"matching"});
    EXPECT_EQ(bare.trace_terms, bare.trace);
    options.insert(options.end(), {{"tv", "0.5"}, {"image_l2", "0.25"}});
    const Reconstruction all = run(*make_attack("idlg", options), model, seen);
    ASSERT_EQ(all.terms, (std::vector<std::string>{"matching", "tv", "image_l2"}));
    ASSERT_EQ(all.trace_terms.size(), 3 * all.trace.size());
    ASSERT_GT(all.trace.size(), 3);
    for (size_t i = 0; i < all.trace.size(); ++i) {
      const double* terms = &all.trace_terms[3 * i];
      EXPECT_EQ(all.trace[i], terms[0] + terms[1] + terms[2]);
      for (size_t k = 0; k < 3; ++k) EXPECT_GT(terms[k], 0);
    }
  }
}

// Each term is what the objective has more with it than without: at the first point, where Adam
// evaluates before it moves.
TEST(MatchingAttack, TermsHoldTheirWeight) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  const auto first = [&](const std::string& tv) {
    return run(*make_attack("modern", {{"iterations", "1"}, {"tv", tv}, {"feature_match", "0"}}),
               model, seen);
  };
  const Reconstruction none = first("0"), once = first("0.5"), twice = first("1");
  ASSERT_EQ(once.terms, (std::vector<std::string>{"matching", "tv", "tv_colour"}));
  EXPECT_EQ(none.trace_terms[0], once.trace_terms[0]);
  EXPECT_EQ(none.trace_terms[1], once.trace_terms[2]);
  EXPECT_DOUBLE_EQ(twice.trace_terms[1], 2 * once.trace_terms[1]);
  EXPECT_NEAR(once.trace[0] - none.trace[0], once.trace_terms[1], 1e-9);
}

struct Bound {
  std::string preset, model;
  Initialization init;
  Options options;
  double gain;  // dB over the public mean image
};

class PresetRecovery : public ::testing::TestWithParam<Bound> {};

TEST_P(PresetRecovery, FindsAPhantomScan) {
  constexpr int64_t kSize = 16;
  const auto [preset, network, init, options, gain] = GetParam();
  const auto [image, label] = phantom_image(kSize, 3);
  const Model model = build(network, kSize, 4);
  Observation seen = observe(model, image, {label}, 1, init);
  seen.known_labels = {label};
  const Reconstruction result = run(*make_attack(preset, options), model, seen);
  EXPECT_EQ(result.labels, std::vector<int64_t>{label});
  EXPECT_GT(gain_over_public_mean(result.images, kSize, 3), gain);
}

const Initialization kWide = {"uniform", 0.5}, kUsual = {"pytorch", 0.5};

INSTANTIATE_TEST_SUITE_P(
    Presets, PresetRecovery,
    ::testing::Values(Bound{"cpl", "lenet-dlg", kWide, {}, 30},
                      Bound{"kernel", "lenet-dlg", kWide, {}, 20},
                      // Of a sigmoid LeNet these three find less than the mean shows.
                      Bound{"inverting-gradients", "mlp", kUsual, {{"iterations", "600"}}, 6},
                      Bound{"modern", "mlp", kUsual, {{"iterations", "600"}}, 6},
                      Bound{"partial-match", "mlp", kUsual, {{"iterations", "600"}}, 6}),
    [](const auto& test) {
      std::string name = test.param.preset;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(MatchingAttack, GreyVariesOneChannelOfThree) {
  const auto [grey, label] = phantom_image(16, 3);
  const auto& entry = models().find("lenet-dlg");
  ModelRequest request;
  request.input = {3, 16, 16};
  request.classes = 4;
  const Model model = entry.create(OptionValues::defaults(entry.options), request);
  Observation seen = observe(model, grey.expand({1, 3, 16, 16}).contiguous(), {label});
  const Reconstruction result =
      run(*make_attack("idlg", {{"grey", "true"}, {"line_search", "strong-wolfe"}, {"tv", "1e-4"}}),
          model, seen);
  EXPECT_TRUE(result.images[0][0].equal(result.images[0][1]));
  EXPECT_TRUE(result.images[0][0].equal(result.images[0][2]));
  EXPECT_GT(psnr_from_mse(mse(result.images.narrow(1, 0, 1), grey)), 40);
}

TEST(MatchingAttack, StartsFromThePublicMeanOnlyWhereItSaysSo) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  Observation seen = observe(model, image, {label});
  EXPECT_FALSE(make_attack("cpl", {})->facts().public_mean);
  const auto attack = make_attack("cpl", {{"init", "surrogate"}, {"iterations", "1"}});
  EXPECT_TRUE(attack->facts().public_mean);
  seen.public_mean = image[0];  // were it the truth itself, nothing would be left to do
  EXPECT_TRUE(run(*attack, model, seen).images.equal(image));
}

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

TEST(MatchingAttack, OptionsThatDoNotFitTheNetworkAreRefused) {
  const Model model = build("lenet-dlg", 16, 4);
  make_attack("modern", {})->check(model);
  make_attack("modern", {{"exclude", "conv1*"}})->check(model);
  EXPECT_THROW(make_attack("modern", {{"exclude", "nothing*"}})->check(model), ConfigError);
}

INSTANTIATE_TEST_SUITE_P(Presets, Recovery, ::testing::Values("dlg", "idlg"),
                         [](const auto& test) { return test.param; });

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

TEST(MatchingAttack, KeepsSnapshotsAndATraceThatAscends) {
  const Model model = build("lenet-medpfl", 24, 4);
  const Observation seen = observe(model, phantom_image(24, 3).first, {1});
  AttackRequest request;
  request.snapshots = {0, 1, 4, 250, 999};
  request.iterations = 250;
  const Reconstruction r = run(
      *make_attack("idlg", {{"stop_loss", "0"}, {"inner", "1"}, {"line_search", "strong-wolfe"}},
                   request),
      model, seen);
  ASSERT_EQ(r.status, "finished");
  EXPECT_EQ(r.iterations, 250);
  EXPECT_EQ(r.snapshot_iterations, (std::vector<int64_t>{0, 1, 4, 250}));
  ASSERT_EQ(r.snapshots.size(), 4U);
  for (const at::Tensor& image : r.snapshots) {
    EXPECT_TRUE(image.sizes() == r.images.sizes());
    EXPECT_GE(image.min().item<float>(), 0);
    EXPECT_LE(image.max().item<float>(), 1);
  }
  EXPECT_TRUE(r.snapshots.back().equal(r.images)) << "the last snapshot is the result";
  EXPECT_FALSE(r.snapshots[0].equal(r.snapshots[1]));
  ASSERT_EQ(r.trace.size(), r.trace_iterations.size());
  EXPECT_LE(r.trace.size(), 101U);
  EXPECT_EQ(r.trace_iterations.front(), 1);
  EXPECT_EQ(r.trace_iterations.back(), 249);
  EXPECT_TRUE(
      std::is_sorted(r.trace_iterations.begin(), r.trace_iterations.end(), std::less_equal<>()));
}

TEST(MatchingAttack, SameKeyGivesTheSameBits) {
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, noise_images(2, 16, 5), {1, 3});
  const auto attack = make_attack("dlg", {{"iterations", "6"}});
  const Reconstruction first = run(*attack, model, seen, 4);
  expect_same(first, run(*attack, model, seen, 4));
  EXPECT_FALSE(first.images.equal(run(*attack, model, seen, 5).images));
  EXPECT_EQ(first.labels.size(), 2U);
}

TEST(MatchingAttack, UsesKnownLabelsOnlyWhereItSaysSo) {
  const Model model = build("lenet-dlg", 16, 4);
  Observation seen = observe(model, noise_images(1, 16, 5), {2});
  ASSERT_TRUE(seen.known_labels.empty()) << "an observation carries no truth unless it is told";
  Observation told = seen;
  told.known_labels = {0};
  for (const char* name : {"dlg", "idlg"}) {
    const auto attack = make_attack(name, {{"iterations", "5"}});
    expect_same(run(*attack, model, seen), run(*attack, model, told));
  }
  AttackRequest request;
  request.labels = "known";
  const auto attack = make_attack("dlg", {{"iterations", "5"}}, request);
  EXPECT_EQ(attack->facts().labels, LabelRule::kKnown);
  EXPECT_EQ(single_image(*attack), "");
  EXPECT_EQ(run(*attack, model, told).labels, std::vector<int64_t>{0});
}

TEST(MatchingAttack, SaysWhichRuleFindsLabels) {
  EXPECT_EQ(make_attack("dlg", {})->facts().labels, LabelRule::kJoint);
  EXPECT_EQ(single_image(*make_attack("dlg", {})), "");
  EXPECT_EQ(make_attack("idlg", {})->facts().labels, LabelRule::kIdlg);
  EXPECT_EQ(single_image(*make_attack("idlg", {})), "labels=idlg, else known or joint");
  // With the observed error nothing is left to optimize labels by: they are read.
  EXPECT_EQ(make_attack("dlg", {{"output_error", "observed"}})->facts().labels, LabelRule::kIdlg);
}

TEST(MatchingAttack, ObservedErrorRefusesABatch) {
  const Model model = build("lenet-dlg", 16, 4);
  Observation seen = observe(model, noise_images(2, 16, 5), {1, 3});
  seen.known_labels = {1, 3};
  AttackRequest request;
  request.labels = "known";
  try {
    run(*make_attack("dlg", {{"output_error", "observed"}}, request), model, seen);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "output_error=observed holds for one image, but the message of hospital 0 in round 0 "
        "comes from 2");
  }
}

}  // namespace
}  // namespace medpfl
