// What attacks bring back of one phantom scan.
#include <gtest/gtest.h>

#include <algorithm>

#include "attack_runs.hpp"
#include "metrics/image.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using attack_runs::make_attack;
using attack_runs::Options;
using attack_runs::run;
using observations::build;
using observations::gain_over_public_mean;
using observations::observe;
using observations::phantom_image;

const Options kRobust = {{"output_error", "observed"}, {"objective", "relative-l2"},
                         {"init", "uniform"},          {"line_search", "strong-wolfe"},
                         {"iterations", "60"},         {"stop_loss", "1e-9"}};

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

INSTANTIATE_TEST_SUITE_P(Presets, Recovery, ::testing::Values("dlg", "idlg"),
                         [](const auto& test) { return test.param; });

// Each engine leads the same attack to the image.
TEST(MatchingAttack, EveryEngineFindsAPhantomScan) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  for (const EngineKind engine :
       {EngineKind::kExact, EngineKind::kPearlmutter, EngineKind::kNative}) {
    AttackRequest request;
    request.engine = engine;
    const Reconstruction result = run(*make_attack("idlg", kRobust, request), model, seen);
    EXPECT_GT(gain_over_public_mean(result.images, 16, 3), 12) << word_of(engine);
  }
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

const Initialization kWide = {InitKind::kUniform, 0.5}, kUsual = {InitKind::kPytorch, 0.5};

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

}  // namespace
}  // namespace medpfl
