// One attack task on the rank that runs it: its end, its pause, its budget and its way there.
#include "campaign/task_run.hpp"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "../attacks/observations.hpp"

namespace medpfl {
namespace {

// Counts to ten, from where its state says; its objective is what is left.
class Counter final : public Attack {
 public:
  AttackFacts facts() const override { return {}; }
  std::optional<Reconstruction> run(const Model&, const Observation& observation,
                                    const StreamKey& start, const std::string& state,
                                    const AttackMonitor& monitor) const override {
    Reconstruction out;
    out.images = at::zeros({observation.batch, 1, 2, 2});
    out.status = "finished";
    out.labels = {static_cast<int64_t>(start.client), static_cast<int64_t>(start.step)};
    int64_t i = state.empty() ? 0 : std::stoll(state);
    while (i < 10) {
      ++i;
      const AttackOrder order =
          monitor({i, 2 * i, 10.0 - static_cast<double>(i), 0, [&] { return std::to_string(i); }});
      if (order == AttackOrder::kAbandon) return std::nullopt;
      if (order == AttackOrder::kEnd) break;
    }
    out.iterations = i;
    return out;
  }
};

class TaskRun : public ::testing::Test {
 protected:
  TaskRun() { plan_.methods.push_back({"counter", std::make_unique<Counter>()}); }

  std::optional<TaskOutcome> run(bool go_on = true) const {
    return run_task(model_, plan_, 5, task_, [=](const AttackProgress&) { return go_on; });
  }

  Model model_ = observations::build("mlp", 2, 2);
  AttackPlan plan_;
  TaskDescription task_;
};

TEST_F(TaskRun, GoesToItsEnd) {
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->paused, "");
  EXPECT_EQ(outcome->reconstruction.iterations, 10);
  EXPECT_EQ(outcome->reconstruction.status, "finished");
}

TEST_F(TaskRun, PausesAndGoesOnFromItsState) {
  task_.pause = 4;
  const auto paused = run();
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->paused, "4");
  EXPECT_EQ(paused->reconstruction.iterations, 4);
  task_.state = paused->paused;
  task_.pause.reset();
  EXPECT_EQ(run()->reconstruction.iterations, 10);
}

TEST_F(TaskRun, EndsWhereItsBudgetIsSpent) {
  plan_.max_evaluations = 6;  // two an iteration
  task_.pause = 3;
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->paused, "") << "the budget goes before the pause";
  EXPECT_EQ(outcome->reconstruction.iterations, 3);
  EXPECT_EQ(outcome->reconstruction.status, "budget");
}

TEST_F(TaskRun, NothingComesBackOfAnAbandonedTask) { EXPECT_FALSE(run(false)); }

// By hospital, and by probe and restart together.
TEST_F(TaskRun, EachStartIsDrawnAnew) {
  task_.observation.client = 3;
  task_.observation.probe = -1;
  EXPECT_EQ(run()->reconstruction.labels, (std::vector<int64_t>{3, 0}));
  task_.restart = 2;
  EXPECT_EQ(run()->reconstruction.labels, (std::vector<int64_t>{3, 2}));
  task_.observation.probe = 0;
  EXPECT_EQ(run()->reconstruction.labels, (std::vector<int64_t>{3, (1 << 20) + 2}));
}

TEST_F(TaskRun, ATaskAndItsOutcomeAreSentWhole) {
  task_.method = 1;
  task_.restart = 2;
  task_.pause = 3;
  task_.state = "half";
  task_.observation.client = 4;
  const TaskDescription read = read_description(to_bytes(task_), model_.layout());
  EXPECT_EQ(read.method, 1);
  EXPECT_EQ(read.restart, 2);
  EXPECT_EQ(read.pause, 3);
  EXPECT_EQ(read.state, "half");
  EXPECT_EQ(read.observation.client, 4);
  task_.pause.reset();
  EXPECT_EQ(read_description(to_bytes(task_), model_.layout()).pause, std::nullopt);

  TaskOutcome outcome;
  outcome.paused = "state";
  outcome.reconstruction.images = at::zeros({1, 1, 2, 2});
  outcome.reconstruction.iterations = 7;
  const TaskOutcome back = read_outcome(to_bytes(outcome));
  EXPECT_EQ(back.paused, "state");
  EXPECT_EQ(back.reconstruction.iterations, 7);
}

}  // namespace
}  // namespace medpfl
