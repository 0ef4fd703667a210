#include "campaign/task_budget.hpp"

#include <gtest/gtest.h>

namespace medpfl {
namespace {

using Each = std::vector<int64_t>;

AttackFacts search(int64_t iterations, int64_t evaluations) {
  AttackFacts facts;
  facts.iterations = iterations;
  facts.evaluations = evaluations;
  return facts;
}

TEST(TaskBudget, IsTheIterationsOrTheBudget) {
  AttackPlan plan;
  EXPECT_EQ(evaluations_of_restarts(plan, search(300, 20)), Each{6000});
  plan.max_evaluations = 1000;
  EXPECT_EQ(evaluations_of_restarts(plan, search(300, 20)), Each{1019})
      << "an iteration that was begun is finished";
  EXPECT_EQ(evaluations_of_restarts(plan, search(300, 1)), Each{300});
  EXPECT_EQ(evaluations_of_restarts(plan, AttackFacts()), Each{0}) << "a closed form";
  plan.restarts = 3;
  EXPECT_EQ(evaluations_of_restarts(plan, search(300, 1)), (Each{300, 300, 300}));
}

TEST(TaskBudget, HalvingLetsOneRestartSpendAll) {
  AttackPlan plan;
  plan.restarts = 4;
  plan.halving = true;
  EXPECT_EQ(evaluations_of_restarts(plan, search(400, 1)), (Each{400, 200, 100, 100}));
  plan.max_evaluations = 150;
  EXPECT_EQ(evaluations_of_restarts(plan, search(400, 1)), (Each{150, 150, 100, 100}));
}

TEST(TaskBudget, TheShareIsThatOfWhatEndsTheTask) {
  AttackPlan plan;
  EXPECT_DOUBLE_EQ(share_spent(plan, search(300, 20), 75, 400), 0.25);
  plan.max_evaluations = 981;
  EXPECT_DOUBLE_EQ(share_spent(plan, search(300, 20), 30, 500), 0.5);
  EXPECT_DOUBLE_EQ(share_spent(plan, search(300, 20), 300, 2000), 1);
  EXPECT_DOUBLE_EQ(share_spent(plan, AttackFacts(), 1, 9), 1);
}

}  // namespace
}  // namespace medpfl
