#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "../defenses/updates.hpp"
#include "federation/local_batches.hpp"
#include "federation/local_steps.hpp"
#include "models/differentiator.hpp"
#include "models/example_gradients.hpp"
#include "training_hospital.hpp"

namespace medpfl {
namespace {

class MixedTraining : public ClientTest {
 protected:
  void transform(const std::string& name,
                 const std::vector<std::pair<std::string, std::string>>& given = {}) {
    chain_ = {};
    defend(name, given);
  }
  Message message(int64_t round = 0, int64_t probe = -1) const {
    Message m;
    m.round = round;
    m.client = client_.id;
    m.probe = probe;
    m.payload = FlatParameters(model_.layout());
    return m;
  }
  FlatParameters gradient(const Message& of, int steps = 1) {
    LocalSteps local(training(), client_, global_, of);
    FlatParameters out(model_.layout());
    for (int s = 0; s < steps; ++s) local.gradient({1, 4, 6}, &out);
    return out;
  }
  Batch mixed_batch(uint64_t step) {
    RandomStream random({1, Purpose::kBatchTransform, 0, 2, step});
    const auto take = [this](const std::vector<int64_t>& of) { return take_batch(client_, of); };
    return chain_.batch()->apply({2, kImages, model_.classes(), take}, {1, 4, 6}, &random);
  }
};

TEST_F(MixedTraining, StepsTakeWhatTheKeyedStreamGives) {
  for (const std::string& name : testing::those_with(&Defense::batch)) {
    transform(name);
    for (const auto& [of, steps, key] : std::vector<std::tuple<Message, int, uint64_t>>{
             {message(), 1, 0}, {message(), 2, 1}, {message(0, 2), 1, uint64_t{3} << 32}}) {
      const Batch batch = mixed_batch(key);
      FlatParameters expected(model_.layout());
      Differentiator(model_, global_).gradient(batch.images, batch.labels, &expected);
      EXPECT_EQ(distance(expected, gradient(of, steps)), 0) << name << ' ' << steps;
    }
    EXPECT_GT(distance(gradient(message()), gradient(message(1))), 1e-3) << name;
  }
}

TEST_F(MixedTraining, GradientsOfMixedLabelsAreThoseOfFiniteDifferences) {
  transform("mixup");
  const Batch batch = mixed_batch(0);
  ASSERT_EQ(batch.labels.scalar_type(), at::kFloat);
  const at::Tensor weights = batch.labels;
  Differentiator at_global(model_, global_);
  FlatParameters slope(model_.layout()), scratch(model_.layout());
  const double loss = at_global.gradient(batch.images, weights, &slope);
  const at::Tensor log_p = at_global.logits(batch.images).log_softmax(1);
  EXPECT_NEAR(loss, -log_p.mul(weights).sum(1).mean().item<double>(), 1e-6);
  const double expected = slope.norm(), h = 5e-3;
  FlatParameters direction = slope;
  direction.multiply(1 / expected);
  const auto loss_at = [&](double t) {
    FlatParameters moved = global_;
    moved.add(direction, t);
    return Differentiator(model_, moved).gradient(batch.images, weights, &scratch);
  };
  EXPECT_NEAR((loss_at(h) - loss_at(-h)) / (2 * h), expected, 0.02 * expected);
  EXPECT_GT(expected, 0.01);
}

TEST_F(MixedTraining, UpdatesAndProbesOfEveryAlgorithmGoThroughIt) {
  for (const std::string& name : algorithms().names()) {
    chain_ = {};
    Message plain = message(), mixed = message(), plain_probe = message(0, 0),
            mixed_probe = message(0, 0);
    make(name)->train(client_, global_, &work_, &plain);
    make(name)->probe(client_, global_, {3}, &plain_probe);
    transform("mixup");
    make(name)->train(client_, global_, &work_, &mixed);
    make(name)->probe(client_, global_, {3}, &mixed_probe);
    EXPECT_GT(distance(plain.payload, mixed.payload), 0.01 * plain.payload.norm()) << name;
    EXPECT_GT(distance(plain_probe.payload, mixed_probe.payload), 0.01 * plain_probe.payload.norm())
        << name;
    EXPECT_EQ(plain.images, mixed.images);
    EXPECT_EQ(plain.examples, mixed.examples);
  }
}

TEST_F(MixedTraining, DpSgdBoundsTransformedExamples) {
  transform("ats", {{"policy", "invert"}});
  defend("dp-sgd", {{"sigma", "1e-9"}, {"bound", "1e-3"}});
  const Batch batch = mixed_batch(0);
  FlatParameters expected(model_.layout());
  ExampleGradients(model_, global_).clipped_sum(batch.images, batch.labels, 1e-3, &expected);
  expected.multiply(1.0 / 3);
  EXPECT_LT(distance(expected, gradient(message())), 1e-8);
  EXPECT_GT(expected.norm(), 1e-5);
}

}  // namespace
}  // namespace medpfl
