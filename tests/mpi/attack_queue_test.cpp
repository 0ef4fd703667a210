// The attack tasks of a run: stopped, kept in a checkpoint, and gone on with.
#include "campaign/attack_queue.hpp"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "../attacks/observations.hpp"
#include "../core/archive_trip.hpp"
#include "core/error.hpp"
#include "world.hpp"

namespace medpfl {
namespace {

using archive_trip::expect_refusals;
using archive_trip::expect_same_state;
using archive_trip::refusal;
using archive_trip::save;

// Counts to its length, from where its state says; its evaluations are the steps of this run.
class Counter final : public Attack {
 public:
  explicit Counter(int64_t length, bool refuses_states = false)
      : length_(length), refuses_states_(refuses_states) {}
  AttackFacts facts() const override { return {}; }
  std::optional<Reconstruction> run(const Model&, const Observation& observation, const StreamKey&,
                                    const std::string& state,
                                    const AttackMonitor& monitor) const override {
    if (refuses_states_ && !state.empty()) throw FormatError("a state that does not fit");
    const int64_t first = state.empty() ? 0 : std::stoll(state);
    for (int64_t i = first + 1; i <= length_; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      const AttackProgress progress = {i, i - first, 1, 0, [i] { return std::to_string(i); }};
      if (monitor(progress) == AttackOrder::kAbandon) return std::nullopt;
    }
    Reconstruction out;
    out.images = at::full({observation.batch, 1, 8, 8}, 0.25);
    out.labels = observation.known_labels;
    out.status = "finished";
    out.objective = 0.5;
    out.iterations = length_;
    out.evaluations = length_ - first;
    out.trace_iterations = {1};
    out.trace = {2};
    out.snapshot_iterations = {0};
    out.snapshots = {out.images};
    return out;
  }

 private:
  int64_t length_;
  bool refuses_states_;
};

struct StopsSoon final : JobControl {
  JobOrder order() override { return ++asked < 20 ? JobOrder::kGoOn : JobOrder::kStop; }
  int asked = 0;
};

class AttackQueueState : public ::testing::Test {
 protected:
  static constexpr int64_t kQuick = 2, kSlow = 400;

  AttackQueueState() {
    plan_.methods.push_back({"quick", std::make_unique<Counter>(kQuick)});
    plan_.methods.push_back({"slow", std::make_unique<Counter>(kSlow)});
    if (!world_.is_root()) return;
    for (int64_t client = 0; client < 2; ++client) {
      AttackCase one;
      one.observation.client = client;
      one.observation.gradient = FlatParameters(model_.layout());
      one.truth = {at::full({1, 1, 8, 8}, 60 + client, at::kByte), {client}};
      cases_.add(one);
      cases_.set_shard_images(client, one.truth.images);
    }
    cases_.set_weights(0, FlatParameters(model_.layout()));
  }

  AttackQueue queue(const AttackPlan& plan) { return {model_, plan, &cases_, mean_, 7}; }

  Communicator world_ = world();
  Model model_ = observations::build("mlp", 8, 2);
  AttackPlan plan_;
  AttackCases cases_{model_.layout()};
  at::Tensor mean_ = at::full({1, 8, 8}, 0.5);
};

TEST_F(AttackQueueState, ComesBackWholeAndGoesOn) {
  AttackQueue stopped = queue(plan_), fresh = queue(plan_);
  StopsSoon stops;
  EXPECT_FALSE(stopped.run(world_, &stops));
  if (world_.is_root()) {
    expect_same_state(&stopped, &fresh);
    ASSERT_EQ(fresh.finished().size(), stopped.finished().size());
    EXPECT_FALSE(fresh.finished().empty());
    for (size_t i = 0; i < fresh.finished().size(); ++i) {
      const AttackTask &was = *stopped.finished()[i], &is = *fresh.finished()[i];
      EXPECT_EQ(is.attack_case, was.attack_case);
      EXPECT_EQ(is.method, was.method);
      EXPECT_EQ(is.restart, was.restart);
      EXPECT_TRUE(is.finished);
      EXPECT_EQ(is.rung, was.rung);
      EXPECT_TRUE(is.chosen);
      EXPECT_TRUE(is.result.images.equal(was.result.images));
      EXPECT_EQ(is.result.labels, was.result.labels);
      EXPECT_EQ(is.result.iterations, kQuick);
      ASSERT_EQ(is.scores.size(), 1U);
      EXPECT_GT(is.scores[0].mse, 0);
      EXPECT_EQ(is.scores[0].mse, was.scores[0].mse);
      EXPECT_EQ(is.scores[0].psnr, was.scores[0].psnr);
      EXPECT_EQ(is.scores[0].rank_of_truth, was.scores[0].rank_of_truth);
      ASSERT_EQ(is.oracle.size(), 1U);
      EXPECT_EQ(is.oracle[0].psnr, was.oracle[0].psnr);
    }
  }
  JobControl goes_on;
  EXPECT_TRUE(fresh.run(world_, &goes_on));
  if (!world_.is_root()) return;
  ASSERT_EQ(fresh.finished().size(), 4U);
  int64_t continued = 0;
  for (const AttackTask* task : fresh.finished())
    if (task->result.evaluations < task->result.iterations) ++continued;
  EXPECT_GE(continued, 1) << "no task went on from its state";
}

TEST_F(AttackQueueState, AnotherVersionOrAMissingEntryIsRefused) {
  AttackQueue stopped = queue(plan_), fresh = queue(plan_);
  StopsSoon stops;
  stopped.run(world_, &stops);
  if (!world_.is_root()) return;
  expect_refusals(&stopped, &fresh, "tasks", 3);
  EXPECT_EQ(refusal(archive_trip::without(save(&stopped), "rdlv"), &fresh),
            "state: begun/0/scores has no entry 'rdlv', which version 3 needs; resume with another "
            "program");
}

TEST_F(AttackQueueState, TasksOfAnotherPlanAreRefused) {
  AttackPlan other;
  other.methods.push_back({"quick", std::make_unique<Counter>(kQuick)});
  AttackQueue stopped = queue(plan_), fresh = queue(other);
  StopsSoon stops;
  stopped.run(world_, &stops);
  if (!world_.is_root()) return;
  EXPECT_EQ(refusal(save(&stopped), &fresh),
            "state: the state has tasks of other cases, methods or restarts; resume with another "
            "program");
}

TEST_F(AttackQueueState, EachMethodIsRunOnItsKindsOfMessages) {
  plan_.methods[0].kinds = {true, false};
  plan_.methods[1].kinds = {false, true};
  plan_.restarts = 2;
  if (world_.is_root()) {
    AttackCase probe = cases_[0];
    probe.observation.probe = 0;
    cases_.add(probe);
  }
  AttackQueue all = queue(plan_), fresh = queue(plan_);
  JobControl goes_on;
  EXPECT_TRUE(all.run(world_, &goes_on));
  if (!world_.is_root()) return;
  expect_same_state(&all, &fresh);
  ASSERT_EQ(all.finished().size(), 6U);
  for (size_t i = 0; i < 6; ++i) {
    const AttackTask& task = *all.finished()[i];
    EXPECT_EQ(task.attack_case, static_cast<int64_t>(i / 2));
    EXPECT_EQ(task.method, i < 4 ? 0 : 1) << "two updates, then a probe";
    EXPECT_EQ(task.chosen, i % 2 == 0) << "the first of equal restarts";
  }
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_EQ(cases_[i].observation.gradient.size(), 0) << "what is done with is freed";
}

// The error of the rank that ran the task is that of all, and none is left waiting.
TEST_F(AttackQueueState, AStateThatDoesNotFitItsAttackIsOneErrorOfAllRanks) {
  AttackPlan other;
  other.methods.push_back({"quick", std::make_unique<Counter>(kQuick)});
  other.methods.push_back({"slow", std::make_unique<Counter>(kSlow, true)});
  AttackQueue stopped = queue(plan_), misfit = queue(other);
  StopsSoon stops;
  stopped.run(world_, &stops);
  if (world_.is_root()) archive_trip::restore(save(&stopped), &misfit);
  JobControl goes_on;
  try {
    misfit.run(world_, &goes_on);
    ADD_FAILURE() << "no error on rank " << world_.rank();
  } catch (const AgreedError& error) {
    EXPECT_STREQ(error.what(), "a state that does not fit");
    EXPECT_EQ(error.code(), ExitCode::kFormat);
  }
}

}  // namespace
}  // namespace medpfl
