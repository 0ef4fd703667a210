// What an attacker sees of a message, whoever brings it: the round loop or a recorded run.
#include "campaign/attackers_view.hpp"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/bytes.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr LocalTraining kGradients{true, 0.5, 8}, kChanges{false, 0.5, 8};

// Two parameters and a statistic.
ParameterLayout small_layout() {
  ParameterLayout layout;
  layout.add("weight", {2});
  layout.add_statistic("mean", {1});
  return layout;
}

FlatParameters filled(const ParameterLayout& layout, const std::vector<float>& values) {
  FlatParameters out(layout);
  std::copy(values.begin(), values.end(), out.data());
  return out;
}

std::vector<float> values_of(const FlatParameters& flat) {
  return {flat.data(), flat.data() + flat.size()};
}

Received received() { return {3, 7, -1, 20, 4, filled(small_layout(), {1, -2, 5})}; }

TEST(AttackersView, AGradientIsSeenAsItArrived) {
  const Observation seen = observe(received(), kGradients);
  EXPECT_EQ(values_of(seen.gradient), (std::vector<float>{1, -2, 5}));
  EXPECT_EQ(seen.round, 3);
  EXPECT_EQ(seen.client, 7);
  EXPECT_EQ(seen.batch, 20);
  EXPECT_EQ(seen.steps, 4);
  EXPECT_EQ(seen.rate, 0.5);
}

// w - 0.5 (4 g) is w + change; the statistic is no gradient and keeps its change.
TEST(AttackersView, AChangeOfWeightsIsSeenAsTheGradientThatCausedIt) {
  const Observation seen = observe(received(), kChanges);
  EXPECT_EQ(values_of(seen.gradient), (std::vector<float>{-0.5, 1, 5}));
}

TEST(AttackersView, OnlyAnUpdateOfOneHospitalHasBatchesOfLocalSteps) {
  Received one = received();
  EXPECT_EQ(observe(one, kChanges).local_batch, 8);
  one.probe = 0;
  EXPECT_EQ(observe(one, kChanges).local_batch, 0);
  EXPECT_EQ(observe(one, kChanges).probe, 0);
  one.probe = -1;
  one.client = Observation::kSum;
  EXPECT_EQ(observe(one, kChanges).local_batch, 0);
}

TEST(AttackersView, NothingIsFilledInThatTheServerDidNotReceive) {
  const Observation seen = observe(received(), kChanges);
  EXPECT_EQ(seen.weights.size(), 0);
  EXPECT_TRUE(seen.known_labels.empty());
  EXPECT_FALSE(seen.public_mean.defined());
}

// Of a network of small_layout(); read for one of `layout`.
Observation sent_and_read(Observation sent, const ParameterLayout& layout) {
  Observation read;
  Archive::read(Archive::write([&](Archive& a) { sent.keep(a, small_layout()); }), {"sent", ""},
                [&](Archive& a) { read.keep(a, layout); });
  return read;
}

TEST(AttackersView, AllOfAnObservationIsSent) {
  Observation seen = observe(received(), kChanges);
  seen.probe = 2;
  seen.weights = filled(small_layout(), {0.1F, 0.2F, 0.3F});
  seen.known_labels = {4, 0};
  seen.public_mean = at::full({1, 2, 2}, 0.25, at::kFloat);
  const Observation read = sent_and_read(seen, small_layout());
  EXPECT_EQ(read.round, 3);
  EXPECT_EQ(read.client, 7);
  EXPECT_EQ(read.probe, 2);
  EXPECT_EQ(read.batch, 20);
  EXPECT_EQ(read.steps, 4);
  EXPECT_EQ(read.local_batch, 8);
  EXPECT_EQ(read.rate, 0.5);
  EXPECT_EQ(values_of(read.weights), values_of(seen.weights));
  EXPECT_EQ(values_of(read.gradient), values_of(seen.gradient));
  EXPECT_EQ(read.known_labels, seen.known_labels);
  EXPECT_TRUE(read.public_mean.equal(seen.public_mean));
}

TEST(AttackersView, WhatIsNotKnownStaysSoOnTheWay) {
  const Observation read = sent_and_read(observe(received(), kChanges), small_layout());
  EXPECT_EQ(read.weights.size(), 0);
  EXPECT_TRUE(read.known_labels.empty());
  EXPECT_FALSE(read.public_mean.defined());
}

TEST(AttackersView, AVectorOfAnotherNetworkIsRefused) {
  ParameterLayout other;
  other.add("weight", {4});
  EXPECT_THROW(sent_and_read(observe(received(), kChanges), other), Error);
}

}  // namespace
}  // namespace medpfl
