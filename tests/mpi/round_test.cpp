// What a round is made of: the turns of hospitals, and what the server makes of their updates.
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>

#include "core/error.hpp"
#include "federation/aggregator.hpp"
#include "federation/client_turns.hpp"
#include "federation/row_store.hpp"
#include "world.hpp"

namespace medpfl::round_test {
namespace {

constexpr int64_t kClients = 5;
constexpr RunSeeds kSeeds = {1, 2, 3, 4, 5};

Model small_model() {
  const auto& entry = models().find("mlp");
  ModelRequest request;
  request.input = {1, 8, 8};
  return entry.create(OptionValues::defaults(entry.options), request);
}

// Hospital i holds i + 1 gray images.
FederatedData clients(const Communicator& comm) {
  FederatedData data;
  for (int64_t id = 0; id < kClients; ++id) {
    Client client;
    client.id = id;
    client.positions.resize(static_cast<size_t>(id + 1));
    std::iota(client.positions.begin(), client.positions.end(), 0);
    client.images = at::full({id + 1, 1, 8, 8}, 20 + 40 * id, at::kByte);
    client.labels = at::zeros({id + 1}, at::kLong);
    data.shard_sizes.push_back(id + 1);
    data.placement.push_back(static_cast<int>(id % comm.size()));
    if (data.placement.back() == comm.rank()) data.clients.push_back(std::move(client));
  }
  return data;
}

class Round : public ::testing::Test {
 protected:
  Round() { settings_.batch_size = 0; }

  Federation federation() {
    algorithm_ = algorithms().find("fedsgd").create.make({}, {model_, settings_, chain_, kSeeds});
    return {comm_, model_, data_, *algorithm_, chain_, settings_, targets_, kSeeds};
  }
  void defend(const std::string& name, const std::string& option, const std::string& value) {
    const auto& entry = defenses().find(name);
    OptionValues own = OptionValues::defaults(entry.options);
    own.set(option, value);
    chain_.append(entry.create(own));
  }
  // All take part; hospital `lost` sends nothing.
  RoundPlan plan(int64_t lost, int64_t probes = 0) const {
    RoundPlan out;
    for (int64_t id = 0; id < kClients; ++id) out.clients.push_back(id);
    out.arrives.assign(kClients, true);
    if (lost >= 0) out.arrives[static_cast<size_t>(lost)] = false;
    out.probes.assign(kClients, probes);
    out.attacked.assign(kClients, probes > 0);
    return out;
  }
  bool here(int64_t id) const { return data_.placement[static_cast<size_t>(id)] == comm_.rank(); }

  Communicator comm_{MPI_COMM_WORLD};
  Model model_ = small_model();
  FederatedData data_ = clients(comm_);
  FederationSettings settings_;
  DefenseChain chain_;
  std::unique_ptr<Algorithm> algorithm_;
  AttackTargets targets_{Selection("all", 1, ""), Selection("all", kClients, ""), 1, 1};
  FlatParameters global_ = initial_weights(model_, {InitKind::kPytorch, 0}, 1);
  PhaseTimers timers_;
};

TEST_F(Round, TheMeanWeighsByImagesOfTheUpdatesThatArrive) {
  const Federation f = federation();
  const auto aggregator = make_aggregator(f, &timers_);
  for (int round = 0; round < 2; ++round) {  // of the first nothing is left in the second
    const RoundPlan p = plan(1);
    aggregator->begin_round(p);
    for (int64_t id = 0; id < kClients; ++id) {
      if (id == 1 || !here(id)) continue;
      Message update;
      update.client = id;
      update.examples = id + 1;
      update.loss = static_cast<double>(id);
      update.payload = FlatParameters(model_.layout());
      update.payload.fill(static_cast<float>(10 * id));
      aggregator->add(static_cast<size_t>(id), update);
    }
    FlatParameters combined(model_.layout());
    const double loss = aggregator->combine(&combined);
    EXPECT_EQ(aggregator->bytes(p), 4 * f.sent() * 4);
    if (!comm_.is_root()) continue;
    // Weights 1, 3, 4, 5 of 13.
    const double expected = (3 * 2 + 4 * 3 + 5 * 4) / 13.0;
    EXPECT_NEAR(loss, expected, 1e-9);
    EXPECT_NEAR(combined.data()[0], 10 * expected, 1e-5);
    EXPECT_NEAR(combined.norm(), 10 * expected * std::sqrt(static_cast<double>(combined.size())),
                1e-2);
  }
}

TEST_F(Round, ImagesAreCountedByWhatTheAlgorithmUses) {
  const Federation f = federation();
  EXPECT_EQ(f.images_behind(plan(4)), 15);
  EXPECT_EQ(f.images_that_arrive(plan(4)), 10);
  settings_.batch_size = 2;
  EXPECT_EQ(f.images_behind(plan(4)), 9);
}

TEST_F(Round, NothingBeginsWhereNoUpdateArrives) {
  const Federation f = federation();
  RoundPlan p = plan(-1);
  p.arrives.assign(kClients, false);
  EXPECT_THROW(make_aggregator(f, &timers_)->begin_round(p), AgreedError);
}

TEST_F(Round, ATurnIsTrainingThenDefensesThenProbes) {
  defend("clip", "bound", "0.01");
  const Federation f = federation();
  ClientTurns turns(f, nullptr, &timers_);
  for (int64_t id = 0; id < kClients; ++id) {
    if (!here(id)) continue;
    const auto messages = turns.play_turn(plan(2, 1), static_cast<size_t>(id), global_);
    EXPECT_EQ(messages.size(), id == 2 ? 1U : 2U) << id;
    Message trained;
    trained.client = id;
    trained.payload = FlatParameters(model_.layout());
    algorithm_->train(data_.client(id), global_, nullptr, &trained);
    ASSERT_GT(trained.payload.norm(), 0.02);
    trained.payload.multiply(0.01 / trained.payload.norm());
    trained.payload.add(messages.front().payload, -1);
    EXPECT_LT(trained.payload.norm(), 1e-6);
    EXPECT_EQ(messages.front().probe, -1);
    EXPECT_EQ(messages.front().defenses.size(), 1U);
    EXPECT_EQ(messages.back().probe, id == 2 ? -1 : 0);
    EXPECT_NEAR(messages.back().norm, 0.01, 1e-6);
  }
}

TEST_F(Round, ProbesLeaveNoTraceInWhatDefensesKeep) {
  defend("prune", "error_feedback", "true");
  const Federation f = federation();
  const int64_t size = chain_.state_size(model_.layout().size());
  RowStore with(size, 1 << 24, ""), without(size, 1 << 24, "");
  ClientTurns probed(f, &with, &timers_), plain(f, &without, &timers_);
  for (int64_t id = 0; id < kClients; ++id) {
    if (!here(id)) continue;
    probed.play_turn(plan(-1, 1), static_cast<size_t>(id), global_);
    plain.play_turn(plan(-1, 0), static_cast<size_t>(id), global_);
    std::vector<float> a(static_cast<size_t>(size)), b(a);
    with.read(id, a.data());
    without.read(id, b.data());
    EXPECT_EQ(a, b);
    EXPECT_NE(a, std::vector<float>(static_cast<size_t>(size), 0));
  }
}

TEST_F(Round, ATurnThatDivergesSaysWhose) {
  const Federation f = federation();
  ClientTurns turns(f, nullptr, &timers_);
  global_.fill(std::nanf(""));
  for (int64_t id = 0; id < kClients; ++id) {
    if (!here(id)) continue;
    try {
      turns.play_turn(plan(-1), static_cast<size_t>(id), global_);
      ADD_FAILURE() << "no error";
    } catch (const NumericError& error) {
      EXPECT_NE(std::string(error.what()).find("hospital " + std::to_string(id)),
                std::string::npos);
    }
  }
}

}  // namespace
}  // namespace medpfl::round_test
