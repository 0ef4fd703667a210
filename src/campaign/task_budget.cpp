#include "campaign/task_budget.hpp"

#include <algorithm>
#include <numeric>

#include "campaign/halving.hpp"

namespace medpfl {
namespace {

int64_t evaluations_of(const AttackPlan& plan, const AttackFacts& facts, int64_t iterations) {
  const int64_t all = iterations * facts.evaluations;
  if (plan.max_evaluations == 0 || all == 0) return all;
  return std::min(all, plan.max_evaluations + facts.evaluations - 1);
}

double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

}  // namespace

std::vector<int64_t> evaluations_of_restarts(const AttackPlan& plan, const AttackFacts& facts) {
  std::vector<int64_t> out;
  for (int64_t place = 0; place < plan.restarts; ++place)
    out.push_back(evaluations_of(plan, facts,
                                 plan.halving
                                     ? iterations_of_place(facts.iterations, place, plan.restarts)
                                     : facts.iterations));
  return out;
}

AttacksOnMessage attacks_on(const AttackPlan& plan, int64_t probe) {
  AttacksOnMessage out;
  for (const AttackPlan::Method& method : plan.methods) {
    if (!method.kinds.contains(probe)) continue;
    const std::vector<int64_t> each = evaluations_of_restarts(plan, method.attack->facts());
    ++out.methods;
    out.evaluations += std::accumulate(each.begin(), each.end(), int64_t{0});
  }
  return out;
}

double share_spent(const AttackPlan& plan, const AttackFacts& facts, int64_t iterations,
                   int64_t evaluations) {
  const double by_evaluations = ratio(evaluations, evaluations_of(plan, facts, facts.iterations));
  return std::min(1.0, std::max(by_evaluations, ratio(iterations, facts.iterations)));
}

}  // namespace medpfl
