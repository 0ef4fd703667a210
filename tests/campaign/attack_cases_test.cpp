// The messages under attack, and their state in a checkpoint.
#include "campaign/attack_cases.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include "../attacks/observations.hpp"
#include "../core/archive_trip.hpp"

namespace medpfl {
namespace {

using archive_trip::expect_refusals;
using archive_trip::expect_same_state;

class AttackCasesState : public ::testing::Test {
 protected:
  AttackCasesState() {
    AttackCase probe;
    probe.observation.round = 2;
    probe.observation.client = 1;
    probe.observation.probe = 4;
    probe.observation.gradient = filled(0.5F);
    probe.observation.batch = 2;
    probe.observation.steps = 3;
    probe.observation.local_batch = 5;
    probe.observation.rate = 0.25;
    probe.observation.known_labels = {1, 0};
    probe.observation.public_mean = at::rand({1, 2, 2});
    probe.truth = {pixels(2, 7), {1, 0}};
    cases_.add(probe);
    AttackCase sum;
    sum.observation.round = 3;
    sum.observation.client = Observation::kSum;
    sum.observation.gradient = filled(-1);
    sum.truth = {pixels(1, 9), {1}};
    cases_.add(sum);
    cases_.set_weights(2, filled(2));
    cases_.set_weights(3, filled(3));
    cases_.set_shard_images(1, pixels(3, 11));
    cases_.set_shard_images(5, pixels(1, 13));
    cases_.set_clients_of_sum(3, {1, 5});
  }

  FlatParameters filled(float value) const {
    FlatParameters out(model_.layout());
    out.fill(value);
    return out;
  }
  static at::Tensor pixels(int64_t n, int64_t value) {
    return at::full({n, 1, 2, 2}, value, at::kByte);
  }
  void expect_same(const FlatParameters& a, const FlatParameters& b) const {
    EXPECT_EQ(std::vector<float>(a.data(), a.data() + a.size()),
              std::vector<float>(b.data(), b.data() + b.size()));
  }

  Model model_ = observations::build("mlp", 2, 2);
  AttackCases cases_{model_.layout()}, fresh_{model_.layout()};
};

TEST_F(AttackCasesState, ComesBackWhole) {
  expect_same_state(&cases_, &fresh_);
  ASSERT_EQ(fresh_.size(), 2);
  for (int64_t i = 0; i < 2; ++i) {
    const Observation &was = cases_[i].observation, &is = fresh_[i].observation;
    EXPECT_EQ(is.round, was.round);
    EXPECT_EQ(is.client, was.client);
    EXPECT_EQ(is.probe, was.probe);
    EXPECT_EQ(is.weights.size(), 0);
    expect_same(is.gradient, was.gradient);
    EXPECT_EQ(is.batch, was.batch);
    EXPECT_EQ(is.steps, was.steps);
    EXPECT_EQ(is.local_batch, was.local_batch);
    EXPECT_EQ(is.rate, was.rate);
    EXPECT_EQ(is.known_labels, was.known_labels);
    EXPECT_TRUE(fresh_[i].truth.images.equal(cases_[i].truth.images));
    EXPECT_EQ(fresh_[i].truth.labels, cases_[i].truth.labels);
    EXPECT_GT(fresh_[i].gradient_norm, 0);
    EXPECT_EQ(fresh_[i].gradient_norm, cases_[i].gradient_norm);
    expect_same(fresh_.weights(was.round), cases_.weights(was.round));
    EXPECT_TRUE(fresh_.candidates(is).equal(cases_.candidates(was)));
  }
  EXPECT_TRUE(fresh_[0].observation.public_mean.equal(cases_[0].observation.public_mean));
  EXPECT_FALSE(fresh_[1].observation.public_mean.defined());
  EXPECT_EQ(fresh_.candidates(fresh_[1].observation).size(0), 4) << "of both hospitals of the sum";
}

// A case that no task needs any more has no gradient.
TEST_F(AttackCasesState, AReleasedGradientStaysReleased) {
  cases_.release(0);
  expect_same_state(&cases_, &fresh_);
  EXPECT_EQ(fresh_[0].observation.gradient.size(), 0);
  EXPECT_GT(fresh_[1].observation.gradient.size(), 0);
}

TEST_F(AttackCasesState, AnotherVersionOrAMissingEntryIsRefused) {
  expect_refusals(&cases_, &fresh_, "shards");
  const std::string bytes = archive_trip::save(&cases_);
  EXPECT_EQ(archive_trip::refusal(archive_trip::without(bytes, "gradient_norm"), &fresh_),
            "state: cases/0 has no entry 'gradient_norm', which version 1 needs; resume with "
            "another program");
}

TEST_F(AttackCasesState, AnotherNetworkIsRefused) {
  const Model larger = observations::build("mlp", 4, 2);
  AttackCases other(larger.layout());
  const std::string message = archive_trip::refusal(archive_trip::save(&cases_), &other);
  EXPECT_EQ(message.find("state: cases/0/observation/gradient has an entry 'values' of shape ["),
            0U)
      << message;
}

TEST_F(AttackCasesState, ScoresThePublicMeanAsIfItCameBack) {
  const at::Tensor mean = at::full({1, 2, 2}, 0.25);
  EXPECT_TRUE(cases_[0].without_attack.public_mean.empty());
  cases_.score_without_attack(0, mean);
  const std::vector<ImageScore>& scores = cases_[0].without_attack.public_mean;
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_NEAR(scores[0].mse, (0.25 - 7 / 255.0) * (0.25 - 7 / 255.0), 1e-7);
  EXPECT_DOUBLE_EQ(scores[0].ssim, scores[0].ssim_public_mean);
  EXPECT_EQ(scores[0].rank_of_truth, 1) << "11 of 255 is nearer to the mean than 7";
  EXPECT_EQ(scores[0].candidates, 2) << "7 and 11: equal images count once";
  EXPECT_FALSE(identified(scores[0]));
  EXPECT_TRUE(cases_[0].without_attack.public_nearest.empty()) << "there are no public images";
}

TEST_F(AttackCasesState, ScoresThePublicImageMostLikeATruth) {
  cases_.set_public_images(at::cat({pixels(1, 200), pixels(1, 9), pixels(1, 3), pixels(1, 8)}));
  cases_.score_without_attack(0, at::full({1, 2, 2}, 0.25));
  const std::vector<ImageScore>& scores = cases_[0].without_attack.public_nearest;
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_NEAR(scores[0].mse, 1 / (255.0 * 255.0), 1e-9) << "8 is the nearest to 7";
  EXPECT_EQ(scores[0].rank_of_truth, 0) << "7 is nearer to 8 than 11 is";
  EXPECT_GT(scores[0].ssim, scores[0].ssim_public_mean);
  EXPECT_TRUE(identified(scores[0])) << "an oracle finds without a message";
}

TEST_F(AttackCasesState, CountsNearDuplicatesAmongTheCandidatesOfAMessage) {
  cases_.set_shard_images(1, at::cat({pixels(1, 7), pixels(2, 8), pixels(1, 250)}));
  cases_.score_without_attack(0, at::full({1, 2, 2}, 0.25));
  EXPECT_EQ(cases_[0].without_attack.near_duplicates, (std::vector<int64_t>{1, 1}))
      << "8, once; not 7, which is the truth, and not 250";
}

}  // namespace
}  // namespace medpfl
