#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "federation/local_batches.hpp"
#include "federation/local_steps.hpp"
#include "federation/privacy_ledger.hpp"
#include "models/example_gradients.hpp"
#include "training_hospital.hpp"

namespace medpfl {
namespace {

class PrivateTraining : public ClientTest {
 protected:
  void protect(const std::vector<std::pair<std::string, std::string>>& given) {
    chain_ = {};
    defend("dp-sgd", given);
  }
  std::unique_ptr<PrivacyLedger> ledger_of(const std::string& algorithm,
                                           std::vector<int64_t> shards) {
    return PrivacyLedger::make(settings_, *make(algorithm), chain_, 100, 1, std::move(shards));
  }
  Message message(int64_t round = 0, int64_t probe = -1) {
    Message m;
    m.round = round;
    m.client = client_.id;
    m.probe = probe;
    m.payload = FlatParameters(model_.layout());
    return m;
  }
  FlatParameters gradient(const std::vector<int64_t>& images, const Message& of, int steps = 1) {
    LocalSteps local(training(), client_, global_, of);
    FlatParameters out(model_.layout());
    for (int s = 0; s < steps; ++s) local.gradient(images, &out);
    return out;
  }
};

TEST_F(PrivateTraining, StepsAreTheClippedMeanPlusNoiseOfTheScaleThatIsTold) {
  protect({{"bound", "0.5"}, {"sigma", "3"}});
  const std::vector<int64_t> images = {1, 4, 6, 7, 9};
  const Batch batch = take_batch(client_, images);
  FlatParameters clean(model_.layout()), noise = gradient(images, message());
  ExampleGradients(model_, global_).clipped_sum(batch.images, batch.labels, 0.5, &clean);
  clean.multiply(1.0 / 5);
  noise.add(clean, -1);
  const auto n = static_cast<double>(noise.size());
  const double deviation = 3 * 0.5 / 5;
  double mean = 0, fourth = 0;
  for (int64_t i = 0; i < noise.size(); ++i) {
    mean += noise.data()[i] / n;
    fourth += std::pow(noise.data()[i] / deviation, 4) / n;
  }
  ASSERT_GT(n, 5000);
  EXPECT_NEAR(mean, 0, 5 * deviation / std::sqrt(n));
  EXPECT_NEAR(noise.norm() / std::sqrt(n) / deviation, 1, 5 / std::sqrt(2 * n));
  EXPECT_NEAR(fourth, 3, 5 * std::sqrt(96 / n));  // a Gaussian's
}

TEST_F(PrivateTraining, NoiseIsTheSameForTheSameStepAndNewForEveryOther) {
  protect({});
  const std::vector<int64_t> images = {1, 2};
  const FlatParameters first = gradient(images, message());
  EXPECT_EQ(distance(first, gradient(images, message())), 0);
  const double typical = std::sqrt(static_cast<double>(first.size()));
  for (const FlatParameters& other :
       {gradient(images, message(1)), gradient(images, message(0, 0)),
        gradient(images, message(0, 1)), gradient(images, message(), 2)})
    EXPECT_GT(distance(first, other), 0.3 * typical);
}

TEST_F(PrivateTraining, SchedulesFollowTheRound) {
  settings_.rounds = 3;
  protect({{"sigma_last", "1e-6"},
           {"sigma_schedule", "linear"},
           {"bound", "4"},
           {"bound_last", "0.01"},
           {"bound_schedule", "linear"}});
  EXPECT_GT(gradient({1, 2}, message(0)).norm(), 1);
  EXPECT_LE(gradient({1, 2}, message(2)).norm(), 0.0101);
}

TEST_F(PrivateTraining, UpdatesOfEveryAlgorithmAreNoised) {
  for (const std::string& name : algorithms().names()) {
    chain_ = {};
    Message plain = message(), noised = message();
    make(name)->train(client_, global_, &work_, &plain);
    protect({{"sigma", "2"}});
    make(name)->train(client_, global_, &work_, &noised);
    EXPECT_GT(noised.payload.norm(), 5 * plain.payload.norm()) << name;
    EXPECT_EQ(noised.examples, plain.examples);
    EXPECT_EQ(noised.images, plain.images);
    EXPECT_EQ(noised.steps, plain.steps);
    if (plain.steps > 1) continue;  // later steps see the noise
    EXPECT_NEAR(noised.loss, plain.loss, 1e-6);
  }
}

TEST_F(PrivateTraining, PoissonBatchesHaveEachImageAtTheRate) {
  std::vector<int64_t> count(kImages);
  int64_t empty = 0, batches = 0, squares = 0, total = 0;
  for (int64_t round = 0; round < 2000; ++round)
    for (const auto& batch : poisson_batches(client_, 4, 1, round, 0)) {
      ++batches;
      empty += batch.empty() ? 1 : 0;
      total += static_cast<int64_t>(batch.size());
      squares += static_cast<int64_t>(batch.size() * batch.size());
      EXPECT_TRUE(std::is_sorted(batch.begin(), batch.end()));
      for (const int64_t image : batch) ++count[static_cast<size_t>(image)];
    }
  EXPECT_EQ(batches, 6000);
  const double n = 6000;
  for (const int64_t c : count)
    EXPECT_NEAR(static_cast<double>(c) / n, 0.4, 5 * std::sqrt(0.24 / n));
  const double mean = static_cast<double>(total) / n;
  EXPECT_NEAR(static_cast<double>(squares) / n - mean * mean, 2.4, 0.25);  // binomial(10, 0.4)
  EXPECT_NEAR(static_cast<double>(empty) / n, std::pow(0.6, 10), 0.004);
}

TEST_F(PrivateTraining, PoissonStepsDivideByTheExpectedBatch) {
  protect({{"sampling", "poisson"}, {"sigma", "1e-9"}, {"bound", "1e-3"}});
  // All are clipped to 1e-3, and one direction counts once for each image.
  const FlatParameters one = gradient({3}, message()), twice = gradient({3, 3}, message());
  EXPECT_NEAR(one.norm(), 1e-3 / 4, 1e-8);
  EXPECT_NEAR(twice.norm(), 2e-3 / 4, 1e-8);
  EXPECT_LT(gradient({}, message()).norm(), 1e-8);
  protect({{"sampling", "poisson"}});
  EXPECT_GT(gradient({}, message()).norm(), 1);  // an empty batch is noise
}

TEST_F(PrivateTraining, PoissonFedSgdWeighsAsPlanned) {
  protect({{"sampling", "poisson"}});
  Message update = message();
  make("fedsgd")->train(client_, global_, &work_, &update);
  EXPECT_EQ(update.examples, 4);
  Message average = message();
  settings_.local_epochs = 2;
  make("fedavg")->train(client_, global_, &work_, &average);
  EXPECT_EQ(average.steps, 6);
  EXPECT_EQ(average.examples, 10);
}

double spent(double rate, const std::vector<std::pair<double, int64_t>>& steps, double delta) {
  RdpAccountant accountant;
  for (const auto& [sigma, count] : steps) accountant.add_gaussian(rate, sigma, count);
  return accountant.epsilon(delta).tight;
}

RoundPlan plan(int64_t round, std::vector<int64_t> clients) {
  RoundPlan out;
  out.round = round;
  out.clients = std::move(clients);
  return out;
}

TEST_F(PrivateTraining, TheLedgerCountsStepsOfWhoTookPart) {
  settings_.rounds = 2;
  settings_.local_epochs = 3;
  protect({{"sampling", "poisson"},
           {"sigma", "4"},
           {"sigma_last", "2"},
           {"sigma_schedule", "linear"},
           {"delta", "1e-4"}});
  const auto made = ledger_of("fedavg", {10, 4, 0});
  PrivacyLedger& ledger = *made;
  ledger.add(plan(0, {0, 2}));
  ledger.add(plan(1, {0, 1}));
  // 3 epochs of 3 batches of 4 of 10; of 4 images all are in the one batch.
  const double first = spent(0.4, {{4, 9}}, 1e-4);
  const double both = spent(0.4, {{4, 9}, {2, 9}}, 1e-4), other = spent(1, {{2, 3}}, 1e-4);
  const std::vector<double> expected = {first, 0, 0, both, other, 0};
  ASSERT_EQ(ledger.of_clients().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(ledger.of_clients()[i], expected[i], 1e-12) << i;
  EXPECT_EQ(ledger.greatest()[1].tight, std::max(both, other));
  EXPECT_GE(ledger.greatest()[1].classic, ledger.greatest()[1].tight);
}

TEST_F(PrivateTraining, ShuffledBatchesClaimNoAmplification) {
  settings_.local_epochs = 3;
  protect({{"sigma", "4"}});
  const auto averaged_ledger = ledger_of("fedavg", {10}), single_ledger = ledger_of("fedsgd", {10});
  PrivacyLedger &averaged = *averaged_ledger, &single = *single_ledger;
  averaged.add(plan(0, {0}));
  single.add(plan(0, {0}));
  EXPECT_NEAR(averaged.of_clients()[0], spent(1, {{4, 3}}, 1e-5), 1e-12);
  EXPECT_NEAR(single.of_clients()[0], spent(1, {{4, 1}}, 1e-5), 1e-12);
  EXPECT_NE(averaged.claim().find("no amplification"), std::string::npos);
}

TEST_F(PrivateTraining, NoiseOnClippedUpdatesIsAccountedPerHospital) {
  settings_.rounds = 3;
  settings_.delta = 1e-4;
  defend("clip", {{"bound", "2"}});
  defend("gaussian", {{"scale", "6"}});
  const auto ledger = ledger_of("fedavg", {10, 4});
  ASSERT_NE(ledger, nullptr);
  for (int64_t r = 0; r < 3; ++r)
    ledger->add(plan(r, r == 0 ? std::vector<int64_t>{0, 1} : std::vector<int64_t>{0}));
  EXPECT_NEAR(ledger->of_clients()[4], spent(1, {{3, 3}}, 1e-4), 1e-12);
  EXPECT_NEAR(ledger->of_clients()[5], spent(1, {{3, 1}}, 1e-4), 1e-12);
  // The sigma for what was spent is what was used.
  EXPECT_NEAR(ledger->sigma_for(ledger->greatest().back().tight), 3, 1e-3);
  EXPECT_LE(spent(1, {{ledger->sigma_for(2), 3}}, 1e-4), 2);
  EXPECT_NE(ledger->claim().find("of a hospital"), std::string::npos);
}

TEST_F(PrivateTraining, LaplaceNoiseCountsAgainstTheLargestL1Norm) {
  defend("clip", {{"bound", "2"}});
  defend("laplace", {{"scale", "40"}});
  const auto ledger = ledger_of("fedsgd", {10});
  ASSERT_NE(ledger, nullptr);
  ledger->add(plan(0, {0}));
  RdpAccountant expected;
  expected.add_laplace(40.0 / (2 * 10));  // sqrt(100 parameters)
  EXPECT_NEAR(ledger->of_clients()[0], expected.epsilon(1e-5).tight, 1e-12);
  EXPECT_EQ(ledger->sigma_for(1), 0);
}

TEST_F(PrivateTraining, BudgetsOfHospitalsAreTheirOwn) {
  defend("personalized-ldp", {{"epsilon", "0.5,1"}});
  const auto ledger = ledger_of("fedsgd", {10, 10});
  ledger->add(plan(0, {0, 1}));
  EXPECT_LT(ledger->of_clients()[0], 0.5);  // the theorem is not tight
  EXPECT_LT(ledger->of_clients()[1], 1);
  EXPECT_LT(1.8 * ledger->of_clients()[0], ledger->of_clients()[1]);
  EXPECT_EQ(ledger->sigma_for(1), 0);
}

TEST_F(PrivateTraining, NothingIsClaimedWithoutBoundOrWhereTheNoiseFollowsTheUpdate) {
  EXPECT_EQ(ledger_of("fedsgd", {10}), nullptr);
  defend("gaussian", {});
  EXPECT_EQ(ledger_of("fedsgd", {10}), nullptr);
  chain_ = {};
  defend("clip", {});
  defend("quantize", {});
  defend("gaussian", {});
  EXPECT_EQ(ledger_of("fedsgd", {10}), nullptr);
  chain_ = {};
  defend("clip", {});
  defend("laplace", {{"relative", "norm"}});
  EXPECT_EQ(ledger_of("fedsgd", {10}), nullptr);
  chain_ = {};
  defend("clip", {});
  defend("prune", {{"error_feedback", "true"}});
  defend("gaussian", {});
  EXPECT_EQ(ledger_of("fedsgd", {10}), nullptr);
  chain_ = {};
  defend("clip", {});
  defend("prune", {});
  defend("fed-sdp", {});
  defend("quantize", {});
  EXPECT_NE(ledger_of("fedsgd", {10}), nullptr);
}

// Soteria chooses by the images: before the noise that is part of the update, behind it a leak.
TEST_F(PrivateTraining, NothingIsClaimedWhereImagesAreLookedAtBehindTheNoise) {
  defend("soteria", {});
  defend("fed-sdp", {});
  EXPECT_NE(ledger_of("fedsgd", {10}), nullptr);
  chain_ = {};
  defend("fed-sdp", {});
  defend("soteria", {});
  EXPECT_EQ(ledger_of("fedsgd", {10}), nullptr);
  chain_ = {};
  protect({});
  EXPECT_NE(ledger_of("fedsgd", {10}), nullptr);
  defend("soteria", {});
  EXPECT_EQ(ledger_of("fedsgd", {10}), nullptr);
}

TEST_F(PrivateTraining, ABottleneckLeavesMessagesAsTheyAre) {
  defend("clip", {});
  defend("quantize", {});
  defend("precode", {});
  EXPECT_EQ(chain_.number_formats().back(), chain_.number_formats()[1]);
  chain_ = {};
  defend("clip", {});
  defend("precode", {});
  defend("gaussian", {});
  EXPECT_NE(ledger_of("fedsgd", {10}), nullptr);
}

}  // namespace
}  // namespace medpfl
