#include "federation/secure_aggregation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "comm/exact_sum.hpp"
#include "core/random.hpp"
#include "world.hpp"

namespace medpfl {
namespace {

constexpr int64_t kN = 5000;  // more than one piece of a mask

// Hospitals over the ranks in turn, without images.
FederatedData clients(const Communicator& comm, int64_t n) {
  FederatedData data;
  data.shard_sizes.assign(static_cast<size_t>(n), 1);
  for (int64_t id = 0; id < n; ++id) data.placement.push_back(static_cast<int>(id % comm.size()));
  return data;
}

RoundPlan everybody(int64_t n, int64_t round = 0) {
  RoundPlan plan;
  plan.round = round;
  for (int64_t id = 0; id < n; ++id) plan.clients.push_back(id);
  plan.arrives.assign(static_cast<size_t>(n), true);
  return plan;
}

std::vector<float> update_of(int64_t client) {
  RandomStream random({3, Purpose::kBenchmark, 0, static_cast<uint64_t>(client), 0});
  std::vector<float> update(kN);
  for (float& v : update) v = static_cast<float>(random.normal());
  return update;
}

// The round's sum as the server has it, after masks were added and taken away.
ExactSum secure_sum(const FederatedData& data, const RoundPlan& plan, double threshold) {
  const Communicator comm = world();
  SecureAggregation secure(comm, data, threshold, 1);
  secure.begin_round(plan);
  ExactSum sum(kN);
  for (size_t i = 0; i < plan.clients.size(); ++i) {
    if (data.placement[i] != comm.rank() || !plan.arrives[i]) continue;
    sum.add(update_of(plan.clients[i]).data(), kN, 0.1, "t", 0);
    secure.mask(i, sum.integers(), kN);
  }
  sum.reduce(comm);
  secure.unmask(plan, sum.integers(), kN);
  return sum;
}

ExactSum plain_sum(const RoundPlan& plan) {
  ExactSum sum(kN);
  for (size_t i = 0; i < plan.clients.size(); ++i)
    if (plan.arrives[i]) sum.add(update_of(plan.clients[i]).data(), kN, 0.1, "t", 0);
  return sum;
}

void expect_plain_sum(const RoundPlan& plan, double threshold) {
  const Communicator comm = world();
  const FederatedData data = clients(comm, plan.participants());
  ExactSum found = secure_sum(data, plan, threshold), expected = plain_sum(plan);
  if (!comm.is_root()) return;
  int64_t differ = 0;
  for (int64_t i = 0; i < kN; ++i) differ += found.integers()[i] != expected.integers()[i];
  EXPECT_EQ(differ, 0) << plan.participants() << " hospitals, " << plan.arrived() << " arrived";
}

TEST(SecureAggregation, TheSumIsThePlainSum) {
  for (const int64_t n : {2, 3, 7, 20}) expect_plain_sum(everybody(n), 0.5);
}

TEST(SecureAggregation, TheSumOfSurvivorsIsTheirPlainSum) {
  for (const int64_t n : {3, 8, 20}) {
    RoundPlan plan = everybody(n);
    for (int64_t i = 0; i < n; i += 3) plan.arrives[static_cast<size_t>(i)] = false;
    expect_plain_sum(plan, 0.5);
    plan = everybody(n, 1);
    plan.arrives.back() = false;
    expect_plain_sum(plan, 0.5);
  }
}

// As few survivors as the threshold allows, at the other ends of the numbers.
TEST(SecureAggregation, AsManyAsTheThresholdAreEnough) {
  RoundPlan plan = everybody(9);
  plan.arrives.assign(9, false);
  for (const size_t i : {1U, 2U, 5U, 7U, 8U}) plan.arrives[i] = true;
  expect_plain_sum(plan, 0.5);
  plan.arrives.assign(9, true);
  plan.arrives[4] = false;
  expect_plain_sum(plan, 0.87);
}

TEST(SecureAggregation, ThresholdIsMoreThanTheShareAndTwoAtLeast) {
  EXPECT_EQ(secure_threshold(0.5, 2), 2);
  EXPECT_EQ(secure_threshold(0.5, 5), 3);
  EXPECT_EQ(secure_threshold(0.5, 64), 33);
  EXPECT_EQ(secure_threshold(0.7, 10), 8);
  EXPECT_EQ(secure_threshold(0, 10), 2);
  EXPECT_EQ(secure_threshold(1, 10), 10);
}

// Of 3 hospitals, 2 arrive, 10 integers: keys 3 times 3 of 64 bytes, shares twice 6 of 96, masked 2
// of 80, and from both survivors a byte and 3 shares of 40.
TEST(SecureAggregation, BytesByHand) {
  RoundPlan plan = everybody(3);
  plan.arrives[1] = false;
  EXPECT_EQ(SecureAggregation::bytes(plan, 10), 576 + 1152 + 160 + 242);
}

// What one hospital of two sends: its own integers and both masks.
std::vector<uint64_t> masked(int64_t round, double scale) {
  const Communicator comm = world();
  FederatedData data = clients(comm, 2);
  data.placement = {0, comm.size() - 1};
  SecureAggregation secure(comm, data, 0.5, 1);
  secure.begin_round(everybody(2, round));
  ExactSum sum(kN);
  if (!comm.is_root()) return {};
  std::vector<float> update = update_of(0);
  for (float& v : update) v *= static_cast<float>(scale);
  sum.add(update.data(), kN, 0.5, "t", 0);
  secure.mask(0, sum.integers(), kN);
  return {sum.integers(), sum.integers() + kN};
}

double correlation(const std::vector<uint64_t>& sent, const std::vector<float>& update) {
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < sent.size(); ++i) {
    const auto x = static_cast<double>(static_cast<int64_t>(sent[i]));
    const double y = update[i];
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  return xy / std::sqrt(xx * yy);
}

TEST(SecureAggregation, AMaskedUpdateIsUniformWhateverItHides) {
  for (const double scale : {0.0, 1.0, 1e5}) {
    const std::vector<uint64_t> sent = masked(0, scale);
    if (!world().is_root()) continue;
    // Of each of the eight bytes; 255 degrees of freedom, 0.01 % on either side.
    for (int byte = 0; byte < 8; ++byte) {
      std::vector<int> bins(256, 0);
      for (const uint64_t v : sent) ++bins[static_cast<size_t>(v >> (8 * byte) & 0xff)];
      double chi_square = 0;
      for (const int count : bins)
        chi_square += (count - kN / 256.0) * (count - kN / 256.0) / (kN / 256.0);
      EXPECT_GT(chi_square, 176) << byte;
      EXPECT_LT(chi_square, 347) << byte;
    }
    EXPECT_LT(std::abs(correlation(sent, update_of(0))), 4 / std::sqrt(kN)) << scale;
  }
}

TEST(SecureAggregation, MasksOfAnotherRoundAreOthers) {
  const std::vector<uint64_t> one = masked(0, 1), again = masked(0, 1), other = masked(1, 1);
  EXPECT_EQ(one, again);
  int64_t equal = 0;
  for (size_t i = 0; i < one.size(); ++i) equal += one[i] == other[i];
  EXPECT_EQ(equal, 0);
}

// The plain integers fail the test that masked ones pass.
TEST(SecureAggregation, AnUpdateWithoutMasksShows) {
  ExactSum sum(kN);
  sum.add(update_of(0).data(), kN, 0.5, "t", 0);
  const std::vector<uint64_t> sent(sum.integers(), sum.integers() + kN);
  EXPECT_GT(correlation(sent, update_of(0)), 0.999);
}

}  // namespace
}  // namespace medpfl
