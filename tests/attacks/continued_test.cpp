// Attacks give the same bits each time, stopped and continued too.
#include <gtest/gtest.h>

#include "attack_runs.hpp"
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
using observations::noise_images;
using observations::observe;
using observations::phantom_image;

class LbfgsRun : public ::testing::TestWithParam<std::string> {};

// Stopped after any iteration and continued by an attack that knows only the saved state.
TEST_P(LbfgsRun, StoppedAndContinuedGivesTheSameBits) {
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

INSTANTIATE_TEST_SUITE_P(Presets, LbfgsRun, ::testing::Values("dlg", "idlg"),
                         [](const auto& test) { return test.param; });

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

TEST(MatchingAttack, SameKeyGivesTheSameBits) {
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, noise_images(2, 16, 5), {1, 3});
  const auto attack = make_attack("dlg", {{"iterations", "6"}});
  const Reconstruction first = run(*attack, model, seen, 4);
  expect_same(first, run(*attack, model, seen, 4));
  EXPECT_FALSE(first.images.equal(run(*attack, model, seen, 5).images));
  EXPECT_EQ(first.labels.size(), 2U);
}

}  // namespace
}  // namespace medpfl
