// What holds for every matching attack of the table, at its own settings.
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "attack_runs.hpp"
#include "attacks/matching/network_priors.hpp"
#include "attacks/matching/priors.hpp"
#include "observations.hpp"

namespace medpfl::presets_test {
namespace {

using attack_runs::defaults_of;
using attack_runs::make_attack;
using attack_runs::matching_presets;
using attack_runs::needs_statistics;
using attack_runs::Options;
using attack_runs::run;
using attack_runs::varies_pixels_alone;
using observations::build;
using observations::observe;
using observations::phantom_image;

constexpr int64_t kSize = 16, kClasses = 4;

NormMode norm_mode(const std::string& preset) {
  return needs_statistics(preset) && defaults_of(preset).text("bn_target") == "update"
             ? NormMode::kTrain
             : NormMode::kEval;
}

// Whether the preset searches as first published: by L-BFGS whose steps are all full.
bool takes_full_steps(const std::string& preset) {
  const OptionValues own = defaults_of(preset);
  return own.text("optimizer") == "lbfgs" && own.text("line_search") == "none";
}

// `wide`: the network and the wide weights of the first papers. Else a deep network at weights that
// were never trained, as a federation starts from: its gradient hardly depends on the image.
struct Scene {
  explicit Scene(const std::string& preset, bool wide = false)
      : model(
            wide ? build("lenet-dlg", kSize, kClasses)
                 : build("convnet", kSize, kClasses, "auto", {{"width", "4"}}, norm_mode(preset))) {
    const auto [image, label] = phantom_image(kSize, 3);
    seen = observe(
        model, image, {label}, 1,
        wide ? Initialization{InitKind::kUniform, 0.5} : Initialization{InitKind::kPytorch});
    seen.known_labels = {label};
    seen.public_mean = at::full({1, kSize, kSize}, 0.5);
  }
  Model model;
  Observation seen;
};

AttackRequest known_labels() {
  AttackRequest request;
  request.labels = LabelRule::kKnown;
  return request;
}

// The preset's objective of one image: it starts there and ends before it moves.
double objective(const std::string& preset, const Scene& scene, const at::Tensor& image,
                 const Options& more = {}) {
  Observation seen = scene.seen;
  seen.public_mean = image[0];
  Options options = {{"init", "surrogate"},
                     {"parametrization", "pixels"},
                     {"optimizer", "adam"},
                     {"iterations", "1"},
                     {"group", "1"}};
  options.insert(options.end(), more.begin(), more.end());
  return run(*make_attack(preset, options, known_labels()), scene.model, seen).objective;
}

class Preset : public ::testing::TestWithParam<std::string> {};

// What it returns is no worse than its start, projected onto [0, 1], by its own objective.
Reconstruction no_worse_than_start(const std::string& preset, const Options& options,
                                   const Scene& scene) {
  AttackRequest request = known_labels();
  request.snapshots = {0};
  request.iterations = 30;
  const Reconstruction result =
      run(*make_attack(preset, options, request), scene.model, scene.seen);
  const double at_start = objective(preset, scene, result.snapshots.at(0));
  EXPECT_LE(result.objective, at_start);
  EXPECT_LE(objective(preset, scene, result.images), at_start);
  return result;
}

double moved(const Reconstruction& result) {
  return result.images.sub(result.snapshots.at(0)).abs().max().item<double>();
}

TEST_P(Preset, LeavesItsStartOnWideWeights) {
  if (needs_statistics(GetParam())) return;
  EXPECT_GT(moved(no_worse_than_start(GetParam(), {}, Scene(GetParam(), true))), 1e-3);
}

// L-BFGS of full steps takes a slope below 1e-9 for 0, and its steps, as long as the slope, may be
// too short to lead anywhere else: its status says so. A line search leaves any start.
TEST_P(Preset, LeavesItsStartOnAnUntrainedNetworkOrSaysWhyNot) {
  const Scene scene(GetParam());
  const Reconstruction result = no_worse_than_start(GetParam(), {}, scene);
  if (takes_full_steps(GetParam()) && moved(result) == 0) {
    EXPECT_TRUE(result.status == "flat" || result.status == "unimproved") << result.status;
    const Reconstruction searched =
        no_worse_than_start(GetParam(), {{"line_search", "strong-wolfe"}}, scene);
    EXPECT_GT(moved(searched), 1e-3);
    EXPECT_LT(searched.objective, 0.5 * result.objective);
  } else {
    EXPECT_EQ(result.status, "finished");
    EXPECT_GT(moved(result), 1e-3);
  }
}

// The objective that comes back is that of the image that comes back, whatever start was drawn and
// wherever a search looked. (A generator has no box, and a surrogate of weights is not part of the
// image.)
TEST_P(Preset, ReturnsTheImageThatItsObjectiveIsOf) {
  if (!varies_pixels_alone(GetParam())) return;
  const Scene scene(GetParam(), !needs_statistics(GetParam()));
  const Options start = {{"optimizer", "adam"}, {"iterations", "1"}};
  const Options steps = {{"optimizer", "lbfgs"}, {"iterations", "12"}, {"inner", "3"}};
  const Options search = {{"optimizer", "lbfgs"},
                          {"iterations", "12"},
                          {"learning_rate", "1"},
                          {"line_search", "strong-wolfe"}};
  for (const char* box : {"true", "false"})
    for (Options options : {start, Options{{"iterations", "12"}}, steps, search}) {
      options.emplace_back("box", box);
      const Reconstruction result =
          run(*make_attack(GetParam(), options, known_labels()), scene.model, scene.seen);
      const double of_image = objective(GetParam(), scene, result.images);
      EXPECT_NEAR(result.objective, of_image, 1e-9 * of_image);
    }
}

// The distance that comes back is that of the same image, without weight, priors and penalty.
TEST_P(Preset, TellsTheDistanceOfGradientsBesideItsObjective) {
  if (!varies_pixels_alone(GetParam())) return;
  const Scene scene(GetParam());
  const Options options = {{"iterations", "12"},
                           {"box", "true"},
                           {"image_l2", "0.5"},
                           {"objective_scale", "0.25"},
                           {"gradient_penalty", "0.01"}};
  const Reconstruction result =
      run(*make_attack(GetParam(), options, known_labels()), scene.model, scene.seen);
  Options alone = {{"objective_scale", "1"}, {"gradient_penalty", "0"}};
  for (const Prior& prior : priors()) alone.emplace_back(prior.name, "0");
  for (const char* term : {"label_fit", "bn_statistics", "feature_match"})
    alone.emplace_back(term, "0");
  const double distance = objective(GetParam(), scene, result.images, alone);
  EXPECT_GT(distance, 0);
  EXPECT_NEAR(result.matching_loss, distance, 1e-9 * distance);
  EXPECT_GT(result.objective, 0.25 * distance);
}

INSTANTIATE_TEST_SUITE_P(Table, Preset, ::testing::ValuesIn(matching_presets()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Presets, StatisticsThatTrainingNeverTouchedAreLeftOut) {
  Scene scene("grad-inversion");
  const auto terms = [&](const std::string& target) {
    const Reconstruction r =
        run(*make_attack("grad-inversion", {{"iterations", "1"}, {"bn_target", target}},
                         known_labels()),
            scene.model, scene.seen);
    return std::count(r.terms.begin(), r.terms.end(), "bn_statistics");
  };
  EXPECT_TRUE(untouched_statistics(scene.model, scene.seen.weights));
  EXPECT_EQ(terms("running"), 0);
  EXPECT_EQ(terms("update"), 1) << "the message's change of them tells of the batch";
  for (const Layer& layer : scene.model.layers())
    if (layer.mean >= 0) scene.seen.weights.view(layer.mean).fill_(0.1);
  EXPECT_FALSE(untouched_statistics(scene.model, scene.seen.weights));
  EXPECT_EQ(terms("running"), 1);
}

}  // namespace
}  // namespace medpfl::presets_test
