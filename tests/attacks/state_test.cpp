// The states of attacks under way, as checkpoints hold them.
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include "../core/archive_trip.hpp"
#include "attack_runs.hpp"
#include "attacks/optimizers/adam.hpp"
#include "attacks/optimizers/lbfgs.hpp"
#include "core/error.hpp"
#include "observations.hpp"

namespace medpfl {
namespace {

using archive_trip::expect_same_state;
using archive_trip::restore;
using archive_trip::save;
using attack_runs::make_attack;
using observations::build;
using observations::observe;
using observations::phantom_image;

double valley(const float* x, float* gradient) {
  gradient[0] = 2 * x[0];
  gradient[1] = 8 * x[1];
  return x[0] * x[0] + 4 * x[1] * x[1];
}

AdamOptions noisy() {
  AdamOptions options;
  options.langevin = 0.5;
  options.schedule = {Course::kCosine, 9, 2};
  return options;
}

TEST(AttackState, OptimizersComeBack) {
  std::vector<float> x = {1, -2};
  Adam adam(noisy(), 2), other_adam(noisy(), 2);
  for (int k = 0; k < 3; ++k) adam.step(valley, x.data());
  expect_same_state(&adam, &other_adam);
  for (const bool strong_wolfe : {false, true}) {
    LbfgsOptions options;
    options.inner = 2;
    options.strong_wolfe = strong_wolfe;
    Lbfgs lbfgs(options, 2), other(options, 2), unused(options, 2);
    x = {1, -2};
    lbfgs.step(valley, x.data());
    expect_same_state(&lbfgs, &other);
    expect_same_state(&unused, &other);
  }
}

TEST(AttackState, ReconstructionsComeBack) {
  Reconstruction full, other, empty;
  full.images = at::rand({2, 1, 3, 3});
  full.labels = {1, 0};
  full.status = "finished";
  full.objective = 0.25;
  full.iterations = 7;
  full.evaluations = 9;
  full.seconds = 1.5;
  full.memory_growth = 4096;
  full.trace_iterations = {1, 7};
  full.trace = {2, 0.25};
  full.terms = {"matching", "total_variation"};
  full.trace_terms = {1, 1, 0.125, 0.125};
  full.snapshot_iterations = {0, 5};
  full.snapshots = {at::rand({2, 1, 3, 3}), at::rand({2, 1, 3, 3})};
  expect_same_state(&full, &other);
  EXPECT_TRUE(other.snapshots[1].equal(full.snapshots[1]));
  EXPECT_EQ(other.terms, full.terms);
  expect_same_state(&empty, &other);
  EXPECT_FALSE(other.images.defined());
}

TEST(AttackState, AnOptimizerOfAnotherSizeIsRefused) {
  Adam two(noisy(), 2), three(noisy(), 3);
  try {
    restore(save(&two), &three);
    FAIL() << "it was taken";
  } catch (const FormatError& error) {
    EXPECT_STREQ(error.what(),
                 "state: the state has an entry 'mean' of shape [2], and shape [3] is needed; "
                 "resume with another program");
  }
}

// What a run of `name` saved after two iterations.
std::string state_of(const std::string& name, const Model& model, const Observation& seen) {
  std::string state;
  make_attack(name, {})->run(model, seen, {1, Purpose::kAttackStart, 0, 0, 0}, "",
                             [&](const AttackProgress& progress) {
                               if (progress.iteration < 2) return AttackOrder::kGoOn;
                               state = progress.save();
                               return AttackOrder::kAbandon;
                             });
  return state;
}

std::string refusal(const std::string& name, const Model& model, const Observation& seen,
                    const std::string& state) {
  try {
    make_attack(name, {})->run(model, seen, {1, Purpose::kAttackStart, 0, 0, 0}, state,
                               [](const AttackProgress&) { return AttackOrder::kEnd; });
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

TEST(AttackState, OneThatDoesNotFitIsOneError) {
  const auto [image, label] = phantom_image(16, 3);
  const Model model = build("lenet-dlg", 16, 4);
  const Observation seen = observe(model, image, {label});
  const std::string state = state_of("idlg", model, seen);
  const std::string begins = "the checkpoint of an attack that was under way: ";
  const std::string ends =
      "; resume with the program that wrote it, or begin anew with --overwrite";
  EXPECT_EQ(refusal("idlg", model, seen, state), "");
  EXPECT_EQ(refusal("idlg", model, seen, state.substr(0, state.size() - 1)),
            begins + "the state ends too early" + ends);
  EXPECT_EQ(
      refusal("inverting-gradients", model, seen, state),
      begins + "the state has an entry 'best' of shape [256], and shape [260] is needed" + ends);
}

}  // namespace
}  // namespace medpfl
