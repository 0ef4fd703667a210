#include "config/attack_checks.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace medpfl {
namespace {

// Returns why the messages do not fit an attack that reads one image from each; nothing where they
// fit, or the attack is another.
std::optional<std::string> batch_misfit(const Settings& s, const AttackPlan::Method& method) {
  const std::optional<SingleImage> single = method.attack->facts().single_image;
  if (!single) return std::nullopt;
  // The label rule is also an option of [attack], which overrides that of the method.
  const bool labels = single->option == "labels";
  const std::string section = labels ? "attack" : "attack." + method.name;
  const std::string what =
      fmt::format("{}.{}={}{}", section, single->option, single->value,
                  labels ? fmt::format(" ({}) reads the label of", method.name) : " holds for");
  const std::string instead = fmt::format("{}.{}={}", section, single->option, single->instead);
  if (s.attack.sums)
    return fmt::format("{} one image, and attack.sees=sum shows that of all hospitals: use {}",
                       what, instead);
  if (single_images(s)) return std::nullopt;
  if (s.written.probes > 0)
    return fmt::format("{} one image: it needs attack.probe_batch=1, or {}", what, instead);
  return fmt::format(
      "{} one image: attack probes (attack.probes=4), or use federation.algorithm=fedsgd with "
      "federation.batch_size=1, or {}",
      what, instead);
}

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

bool single_images(const Settings& s) {
  if (s.attack.sums) return false;
  if (s.written.probes > 0) return s.written.probe_batch == 1;
  return algorithms().find(s.federation.algorithm).create.sends_gradients &&
         s.federation.batch_size == 1;
}

void check_attacks(const Settings& settings, Violations* wrong) {
  for (const AttackPlan::Method& method : settings.attack.methods) {
    if (const auto misfit = batch_misfit(settings, method)) wrong->check(false, *misfit);
    check_update(settings, method, wrong);
  }
}

}  // namespace medpfl
