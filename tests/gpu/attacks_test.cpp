// Engines and attacks on the device under test and on the CPU, where tests/attacks test them.
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

#include "../attacks/attack_runs.hpp"
#include "../attacks/observations.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "core/error.hpp"
#include "device.hpp"

namespace medpfl {
namespace {

using attack_runs::make_attack;
using attack_runs::run;
using observations::build;
using observations::noise_images;
using observations::observe;
using observations::phantom_image;
using testing::expect_close;
using testing::Twins;

constexpr int64_t kSize = 32, kClasses = 4;

// Of values; derivatives of second order lose another digit, and the difference of pearlmutter is
// off by some 1e-2 (tests/attacks/engines_test.cpp), most where gradients are as small as those of
// vgg11.
constexpr double kValue = 2e-4, kSecondOrder = 2e-3, kDifference = 3e-2;

class Engine : public ::testing::TestWithParam<std::string> {
 protected:
  struct Answer {
    double value;
    CandidateGradient gradient;
  };
  // In the two ways labels are given: hard, and soft, which are varied too.
  static Candidate candidate(int64_t batch, bool soft) {
    Candidate out;
    out.images = noise_images(batch, kSize, 12);
    out.labels = at::full({batch}, 1, at::kLong);
    if (soft)
      out.label_logits =
          noise_images(1, 8, 13).flatten().slice(0, 0, batch * kClasses).view({batch, kClasses});
    return out;
  }
  static Answer evaluate(MatchingEngine* engine, const Candidate& candidate) {
    Answer out;
    out.value = engine->evaluate(candidate, &out.gradient);
    return out;
  }
  static void compare(const Answer& found, const Answer& expected, double bound) {
    EXPECT_NEAR(found.value, expected.value, kValue * expected.value);
    expect_close(found.gradient.images, expected.gradient.images, bound);
    ASSERT_EQ(found.gradient.label_logits.defined(), expected.gradient.label_logits.defined());
    if (expected.gradient.label_logits.defined())
      expect_close(found.gradient.label_logits, expected.gradient.label_logits, 3 * bound);
  }
  Twins model_{testing::smooth_network(GetParam())};
  Observation seen_ =
      observe(model_.here, noise_images(4, kSize, 11), {1, 3, 0, 1}, 1, {InitKind::kPytorch, 0});
  std::unique_ptr<GradientDistance> distance_ =
      make_gradient_distance({DistanceKind::kRelativeL2}, seen_.gradient);
};

TEST_P(Engine, ExactAndPearlmutterAgreeWithTheCpu) {
  const auto here = make_exact_engine(model_.here, seen_, *distance_);
  for (const auto& [kind, bound] : {std::pair{EngineKind::kExact, kSecondOrder},
                                    std::pair{EngineKind::kPearlmutter, kDifference}}) {
    const auto there = make_engine(kind, model_.there, seen_, *distance_);
    for (const int64_t batch : {1, 4})
      for (const bool soft : {false, true}) {
        SCOPED_TRACE(::testing::Message()
                     << word_of(kind) << ", batch " << batch << ", soft " << soft);
        const Candidate at = candidate(batch, soft);
        compare(evaluate(there.get(), at), evaluate(here.get(), at), bound);
      }
  }
}

TEST_P(Engine, LocalStepsAgreeWithTheCpu) {
  seen_.steps = 2;
  seen_.local_batch = 2;
  seen_.rate = 0.01;
  Candidate at = candidate(4, false);
  at.surrogate = 0.5;
  for (const auto& make : {make_unroll_engine, make_sme_engine}) {
    const Answer expected = evaluate(make(model_.here, seen_, *distance_).get(), at);
    const Answer found = evaluate(make(model_.there, seen_, *distance_).get(), at);
    compare(found, expected, kSecondOrder);
    EXPECT_NEAR(found.gradient.surrogate, expected.gradient.surrogate,
                kSecondOrder * std::abs(expected.gradient.surrogate));
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, Engine, ::testing::ValuesIn(models().names()),
                         testing::row_name);

// Networks of which each attack can read one.
std::vector<Model> networks() {
  ModelRequest imprinted;
  imprinted.input = {1, kSize, kSize};
  imprinted.classes = kClasses;
  imprinted.imprint_rows = 6;
  return {build("convnet", kSize, kClasses, "silu", {{"width", "4"}}, NormMode::kTrain),
          build("mlp", kSize, kClasses), models().find("lenet-dlg").create({}, imprinted)};
}

bool reads(const Attack& attack, const Model& model) {
  try {
    attack.check(model);
  } catch (const ConfigError&) {
    return false;
  }
  return true;
}

class EveryAttack : public ::testing::TestWithParam<std::string> {};

// Two iterations: a search goes other ways from the first rounding on.
TEST_P(EveryAttack, BeginsAsOnTheCpu) {
  AttackRequest request;
  request.labels = LabelRule::kKnown;
  request.iterations = 2;
  const auto attack = make_attack(GetParam(), {}, request);
  const std::vector<Model> all = networks();
  const auto network = std::find_if(all.begin(), all.end(),
                                    [&](const Model& model) { return reads(*attack, model); });
  ASSERT_NE(network, all.end());
  const Twins model(*network);
  const auto [image, label] = phantom_image(kSize, 3);
  Observation seen = observe(model.here, image, {label}, 1, {InitKind::kPytorch, 0});
  seen.known_labels = {label};
  seen.public_mean = at::full({1, kSize, kSize}, 0.5);
  const Reconstruction expected = run(*attack, model.here, seen),
                       found = run(*attack, model.there, seen);
  EXPECT_EQ(found.labels, expected.labels);
  EXPECT_EQ(found.terms, expected.terms);
  ASSERT_EQ(found.trace.size(), expected.trace.size());
  for (size_t i = 0; i < found.trace.size(); ++i) {
    const double value = found.trace[i], here = expected.trace[i];
    // A closed form measures no distance.
    EXPECT_TRUE(std::isnan(here) ? std::isnan(value)
                                 : std::abs(value - here) <= kSecondOrder * std::abs(here))
        << i << ": " << value << ", on the CPU " << here;
  }
  expect_close(found.images, expected.images, kDifference);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryAttack, ::testing::ValuesIn(attacks().names()),
                         testing::row_name);

}  // namespace
}  // namespace medpfl
