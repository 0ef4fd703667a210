#include "config/attack_checks.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace medpfl {
namespace {

// Returns the option by which an attack simulates local training or guesses at it, if any.
std::optional<std::string> local_option(const AttackFacts& facts, bool sums) {
  // update=unroll fits gradients too: unrolling one step gives the gradient.
  if (facts.update == UpdateRule::kSme || (sums && facts.update != UpdateRule::kGradient))
    return fmt::format("update={}", word_of(facts.update));
  if (facts.guess.steps > 0) return fmt::format("steps={}", facts.guess.steps);
  if (facts.guess.batch > 0) return fmt::format("local_batch={}", facts.guess.batch);
  if (facts.guess.rate > 0) return fmt::format("local_rate={}", facts.guess.rate);
  return std::nullopt;
}

// An attack with such an option needs an update by local training of one hospital.
void check_update(const Settings& s, const AttackPlan::Method& method, Violations* wrong) {
  const std::optional<std::string> option = local_option(method.attack->facts(), s.attack.sums);
  if (!option) return;
  wrong->check(!s.federation.sends_gradients,
               fmt::format("attack.{}.{} is for changes of weights, and messages of "
                           "federation.algorithm={} are gradients: use fedavg, or leave it out",
                           method.name, *option, s.federation.algorithm));
  wrong->check(!s.attack.sums,
               fmt::format("attack.{}.{} is for the local training of one hospital, and "
                           "attack.sees=sum shows that of all: use attack.sees=messages",
                           method.name, *option));
}

}  // namespace

void check_attacks(const Settings& settings, Violations* wrong) {
  for (const AttackPlan::Method& method : settings.attack.methods)
    check_update(settings, method, wrong);
}

}  // namespace medpfl
