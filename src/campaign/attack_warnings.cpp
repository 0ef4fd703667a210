#include "campaign/attack_warnings.hpp"

#include <fmt/format.h>

#include "attacks/labels.hpp"
#include "campaign/knowledge.hpp"

namespace medpfl {

std::vector<AttackWarning> warnings_before(const std::string& method, const AttackFacts& facts,
                                           const Model& model, int64_t round,
                                           const FlatParameters& weights) {
  std::vector<AttackWarning> out;
  if (lacks_statistics(facts, model, weights))
    out.push_back(
        {"statistics",
         fmt::format("{} leaves bn_statistics out in round {}: running statistics are still 0 and "
                     "1, as before any training; set model.weights, or bn_target=update under "
                     "model.norm_mode=train",
                     method, round)});
  if (misled_by_signs(facts.labels, model))
    out.push_back(
        {"labels of " + method,
         fmt::format("{} finds labels by labels={}, which holds where what enters the last layer "
                     "is never negative, and that of {} can be: labels may be wrong; set "
                     "attack.{}.labels=bias-counts or known",
                     method, word_of(facts.labels), model.name(), method)});
  return out;
}

std::vector<AttackWarning> warnings_after(const std::string& method, int64_t round,
                                          const std::string& status) {
  if (status == "flat")
    return {{"flat " + method,
             fmt::format(
                 "{} ended in round {} because its objective has no slope (status flat), often at "
                 "its start: either the gradient of the message has vanished, or L-BFGS without "
                 "line search took a small slope for 0; against the latter set "
                 "attack.{}.line_search=strong-wolfe or a larger attack.{}.objective_scale",
                 method, round, method, method)}};
  if (status == "unimproved")
    return {
        {"unimproved " + method,
         fmt::format("{} returns its start in round {} (status unimproved): in [0, 1] nothing it "
                     "reached is better by its own objective; set another attack.{}.optimizer or "
                     "learning_rate, line_search=strong-wolfe of lbfgs, or box=true",
                     method, round, method)}};
  return {};
}

}  // namespace medpfl
