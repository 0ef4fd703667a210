// Attacks on networks with a variational bottleneck.
#include "models/bottleneck.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "attack_runs.hpp"
#include "attacks/engines/matching_engine.hpp"
#include "attacks/matching/bottleneck_noise.hpp"
#include "core/error.hpp"
#include "models/network_builder.hpp"
#include "observations.hpp"

namespace medpfl::bottleneck_test {
namespace {

using attack_runs::expect_same;
using attack_runs::make_attack;
using attack_runs::Options;
using attack_runs::run;
using attack_runs::run_in_pieces;
using observations::noise_images;

constexpr int64_t kSize = 16, kClasses = 4;

Model build(const std::string& name, const Bottleneck& bottleneck = {8, 0.05}) {
  const auto& entry = models().find(name);
  ModelRequest request;
  request.input = {1, kSize, kSize};
  request.classes = kClasses;
  request.before_head = [bottleneck](NetworkBuilder* network) {
    if (bottleneck.width > 0) network->named("precode").bottleneck(bottleneck);
  };
  return entry.create(OptionValues::defaults(entry.options), request);
}

at::Tensor noise_of(const Model& model, int64_t batch, uint64_t step) {
  return bottleneck_noise(model.bottleneck(), batch, {7, Purpose::kBottleneck, 0, 0, step});
}

// Under the hospital's noise.
Observation observe(const Model& model, const at::Tensor& images,
                    const std::vector<int64_t>& labels, const at::Tensor& noise) {
  Observation seen = observations::observe(model, images, labels);
  Differentiator(model, seen.weights)
      .gradient(images, at::tensor(labels, at::kLong), &seen.gradient, noise);
  return seen;
}

Candidate candidate_of(const at::Tensor& images, const std::vector<int64_t>& labels,
                       const at::Tensor& noise) {
  Candidate out;
  out.images = images;
  out.labels = at::tensor(labels, at::kLong);
  out.noise = noise;
  return out;
}

// sum (d - o)^2 from its definition, in double.
double reference(const Model& model, const Observation& seen, const Candidate& at,
                 const at::Tensor& images) {
  std::vector<at::Tensor> weights;
  for (int64_t i = 0; i < model.layout().count(); ++i)
    weights.push_back(seen.weights.view(i).to(at::kDouble).set_requires_grad(true));
  BottleneckPass pass{at.noise, {}};
  const at::Tensor logits = model.forward(weights, images, nullptr, &pass);
  const at::Tensor loss =
      at::cross_entropy_loss(logits, at.labels).add(pass.divergence, model.bottleneck().weight);
  const auto dummy = torch::autograd::grad({loss}, weights);
  double sum = 0;
  for (size_t i = 0; i < dummy.size(); ++i)
    sum += dummy[i].sub(seen.gradient.view(static_cast<int64_t>(i))).square().sum().item<double>();
  return sum;
}

class BottleneckEngine : public ::testing::TestWithParam<std::string> {};

TEST_P(BottleneckEngine, AgreesWithCentralDifferences) {
  const Model model = build("lenet-dlg");
  const Observation seen =
      observe(model, noise_images(2, kSize, 11), {1, 2}, noise_of(model, 2, 0));
  const auto objective = make_gradient_distance({DistanceKind::kL2}, seen.gradient);
  const auto engine =
      make_engine(words_of(EngineKind()).parse(GetParam()), model, seen, *objective);
  for (const bool drawn : {true, false}) {
    const Candidate candidate = candidate_of(noise_images(2, kSize, 12), {1, 2},
                                             drawn ? noise_of(model, 2, 1) : at::Tensor());
    CandidateGradient gradient;
    const double value = engine->evaluate(candidate, &gradient);
    const at::Tensor images = candidate.images.to(at::kDouble);
    const auto at_images = [&] { return reference(model, seen, candidate, images); };
    EXPECT_NEAR(value, at_images(), 1e-5 * value);
    const double largest = gradient.images.abs().max().item<double>();
    const double bound = GetParam() == "pearlmutter" ? 1e-2 : 1e-4;
    double* x = images.data_ptr<double>();
    for (int64_t i = 0; i < images.numel(); i += 29) {
      constexpr double kStep = 1e-4;
      const double kept = x[i];
      x[i] = kept + kStep;
      const double above = at_images();
      x[i] = kept - kStep;
      const double below = at_images();
      x[i] = kept;
      EXPECT_NEAR(gradient.images.data_ptr<float>()[i], (above - below) / (2 * kStep),
                  bound * largest)
          << i;
    }
  }
}

TEST_P(BottleneckEngine, IsZeroAtTheTruthUnderTheHospitalsNoiseAlone) {
  const Model model = build("lenet-dlg");
  const at::Tensor images = noise_images(2, kSize, 11), noise = noise_of(model, 2, 0);
  const Observation seen = observe(model, images, {1, 2}, noise);
  const auto objective = make_gradient_distance({DistanceKind::kRelativeL2}, seen.gradient);
  const auto engine =
      make_engine(words_of(EngineKind()).parse(GetParam()), model, seen, *objective);
  CandidateGradient unused;
  EXPECT_LT(engine->evaluate(candidate_of(images, {1, 2}, noise), &unused), 1e-10);
  EXPECT_GT(engine->evaluate(candidate_of(images, {1, 2}, noise_of(model, 2, 1)), &unused), 1e-3);
  EXPECT_GT(engine->evaluate(candidate_of(images, {1, 2}, {}), &unused), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Engine, BottleneckEngine, ::testing::Values("exact", "pearlmutter"));

TEST(Bottleneck, TheNativeEngineLeavesItToTheExactOne) {
  EXPECT_EQ(choose_engine({}, build("lenet-dlg", {})), EngineKind::kNative);
  EXPECT_EQ(choose_engine({}, build("lenet-dlg")), EngineKind::kExact);
  EXPECT_THROW(choose_engine(EngineKind::kNative, build("lenet-dlg")), ConfigError);
}

// Two steps of two images, each image under its own noise.
TEST(Bottleneck, UnrolledStepsTakeTheNoiseOfTheirImages) {
  const Model model = build("lenet-dlg");
  const at::Tensor images = noise_images(4, kSize, 11), noise = noise_of(model, 4, 0);
  const at::Tensor labels = at::tensor({0, 1, 2, 3}, at::kLong);
  Observation seen = observe(model, images, {0, 1, 2, 3}, noise);
  seen.steps = 2;
  seen.local_batch = 2;
  seen.rate = 0.5;
  FlatParameters work = seen.weights, step(model.layout());
  seen.gradient.fill(0);
  for (const int64_t first : {0, 2}) {
    Differentiator(model, work)
        .gradient(images.narrow(0, first, 2), labels.narrow(0, first, 2), &step,
                  noise.narrow(0, first, 2));
    seen.gradient.add(step, 0.5);
    work.step(step, seen.rate);
  }
  const auto objective = make_gradient_distance({DistanceKind::kRelativeL2}, seen.gradient);
  const auto engine = make_unroll_engine(model, seen, *objective);
  CandidateGradient unused;
  EXPECT_LT(engine->evaluate(candidate_of(images, {0, 1, 2, 3}, noise), &unused), 1e-10);
  EXPECT_GT(engine->evaluate(candidate_of(images, {0, 1, 2, 3}, noise.flip(0)), &unused), 1e-3);
}

TEST(Bottleneck, OneImageGivesItsNoiseAway) {
  for (const char* name : {"lenet-dlg", "convnet-small"}) {
    const Model model = build(name);
    const at::Tensor noise = noise_of(model, 1, 0);
    const Observation seen = observe(model, noise_images(1, kSize, 11), {2}, noise);
    EXPECT_LT(observed_noise(model, seen).sub(noise).abs().max().item<double>(), 1e-3) << name;
  }
}

TEST(Bottleneck, NoiseIsReadOfOneImageAndOneBottleneck) {
  const auto refusal = [](const Model& model, int64_t batch) -> std::string {
    const std::vector<int64_t> labels(static_cast<size_t>(batch), 1);
    const Observation seen = observations::observe(model, noise_images(batch, kSize, 1), labels);
    try {
      run(*make_attack("idlg", {{"bottleneck", "observed"}, {"labels", "known"}}), model, seen);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "nothing was refused";
  };
  EXPECT_NE(refusal(build("mlp"), 2).find("bottleneck=observed holds for one image"),
            std::string::npos);
  EXPECT_NE(refusal(build("mlp", {}), 1).find("mlp has only under defense.chain=precode"),
            std::string::npos);
  EXPECT_THROW(make_attack("idlg", {{"bottleneck", "observed"}})->check(build("mlp", {})),
               ConfigError);
}

TEST(Bottleneck, DrawnNoiseIsNewAtEveryEvaluationAndTheSameAfterAStop) {
  const Model model = build("lenet-dlg");
  const Observation seen = observe(model, noise_images(1, kSize, 5), {2}, noise_of(model, 1, 0));
  // At a rate of nearly nothing only the noise changes between evaluations.
  const Options still = {{"labels", "idlg"},
                         {"optimizer", "adam"},
                         {"learning_rate", "1e-9"},
                         {"iterations", "8"},
                         {"group", "2"}};
  const auto with = [&](const char* word) {
    Options options = still;
    options.emplace_back("bottleneck", word);
    return run(*make_attack("dlg", options), model, seen);
  };
  const Reconstruction drawn = with("sample"), mean = with("mean");
  for (size_t i = 1; i < drawn.trace.size(); ++i) {
    EXPECT_GT(std::abs(drawn.trace[i] - drawn.trace[i - 1]), 1e-6 * drawn.trace[0]) << i;
    EXPECT_NEAR(mean.trace[i], mean.trace[0], 1e-6 * mean.trace[0]) << i;
  }
  expect_same(run_in_pieces("dlg", still, model, seen), drawn);
}

TEST(Bottleneck, NetworksWithoutOneAreAttackedAsEver) {
  const Model model = build("lenet-dlg", {});
  const Observation seen = observations::observe(model, noise_images(1, kSize, 5), {2});
  const Options few = {{"iterations", "3"}};
  Options mean = few;
  mean.emplace_back("bottleneck", "mean");
  expect_same(run(*make_attack("idlg", few), model, seen),
              run(*make_attack("idlg", mean), model, seen));
}

}  // namespace
}  // namespace medpfl::bottleneck_test
